"""Creates a virtual environment from a requirements file, unless it exists and the file has not changed, and prints its folder
of programs: `install.py REQUIREMENTS FOLDER`. Concurrent runs wait for each other."""

import fcntl
import pathlib
import subprocess
import sys
import venv

requirements, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
python, note = folder / "bin" / "python", folder / "made-from"
# Programs in a virtual environment contain its path, so that a moved one must be created again.
wanted = f"{folder}\n{requirements.read_text()}"
folder.parent.mkdir(parents=True, exist_ok=True)
with open(f"{folder}.lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not (python.exists() and note.exists() and note.read_text() == wanted):
        note.unlink(missing_ok=True)  # first, so that an interrupted run does not look complete
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r", requirements]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        note.write_text(wanted)
print(python.parent)
