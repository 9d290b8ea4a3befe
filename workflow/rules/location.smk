# The folder of this workflow. A Snakefile from a git repository (`github(...)`, `git+file:...`) has
# none: Snakemake fetches it, and later its scripts, one by one. Library and scripts need each other,
# so the commit is checked out once into `.snakemake/evenomics`, and all files are included from there.
import io
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from snakemake.exceptions import WorkflowError
from snakemake.sourcecache import HostingProviderFile, LocalGitFile, LocalSourceFile


def checked_out(source):
    """Return the folder of a file's folder, checked out if it is in a repository."""
    if isinstance(source, LocalSourceFile):
        return Path(source.get_path_or_uri(secret_free=True)).resolve()
    if isinstance(source, HostingProviderFile):
        repository = source.hosted_repo.repo
    elif isinstance(source, LocalGitFile):
        from git import Repo

        repository = Repo(source.repo_path)
    else:
        raise WorkflowError(
            f"evenomics cannot be used from {source}: name a path, a release on a git host, e.g. "
            'github("OWNER/evenomics", path="workflow/Snakefile", tag="v1.0.0"), or a local '
            "repository, git+file:///PATH/workflow/Snakefile@TAG"
        )
    commit = repository.commit(source.ref).hexsha
    target = Path(".snakemake/evenomics", commit).resolve()
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=target.parent) as temporary,
            io.BytesIO() as archive,
        ):
            repository.archive(archive, commit)
            archive.seek(0)
            with tarfile.open(fileobj=archive) as files:
                files.extractall(extracted := Path(temporary, commit), filter="data")
            extracted.rename(target)
    return target / source.path


LIBRARY = checked_out(workflow.current_basedir).parent
