"""Write a config with the tables of the paper's release in a folder: CONFIG FOLDER TARGET."""

import sys
from pathlib import Path

import yaml

WORKFLOW = Path(__file__).parents[1]
sys.path.insert(0, str(WORKFLOW))

from evenomics.config.file import file_problems  # noqa: E402
from evenomics.config.released import with_folder  # noqa: E402
from evenomics.errors import ConfigError  # noqa: E402

source, folder, target = map(Path, sys.argv[1:])
try:
    if problems := file_problems(source):
        raise ConfigError("nothing was run:", problems)
    config = with_folder(yaml.safe_load(source.read_text(encoding="utf-8")), folder)
except ConfigError as error:
    sys.exit(str(error))
target.parent.mkdir(parents=True, exist_ok=True)
text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
target.write_text(f"# {source}, with the tables of {folder}\n{text}", encoding="utf-8")
