"""Write the config of `make reproduce`: CONFIG TARGET PROTOCOLS [FOLDER].

Of CONFIG, it has the studies of some protocols, and reads the released tables from a folder, if one
is given.
"""

import sys
from pathlib import Path

import yaml

WORKFLOW = Path(__file__).parents[1]
sys.path.insert(0, str(WORKFLOW))

from evenomics.config.file import file_problems  # noqa: E402
from evenomics.config.released import of_protocols, with_folder  # noqa: E402
from evenomics.errors import ConfigError  # noqa: E402

source, target, protocols, *folder = sys.argv[1:]
try:
    if problems := file_problems(source):
        raise ConfigError("nothing was run:", problems)
    config = of_protocols(yaml.safe_load(Path(source).read_text("utf-8")), protocols.split())
    if any(folder):
        config = with_folder(config, Path(folder[0]))
except ConfigError as error:
    sys.exit(str(error))
Path(target).parent.mkdir(parents=True, exist_ok=True)
text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
Path(target).write_text(f"# Made from {source} by `make reproduce`.\n{text}", encoding="utf-8")
