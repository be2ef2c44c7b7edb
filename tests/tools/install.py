"""Makes a virtual environment of what a file of requirements names, unless it is there and the file is as it was, and
prints its folder of programs: `install.py REQUIREMENTS FOLDER`. Who comes second waits for the first."""

import fcntl
import pathlib
import subprocess
import sys
import venv

requirements, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
python, note = folder / "bin" / "python", folder / "made-from"
# Programs in such a folder know its place by heart, so that a moved one is made anew.
wanted = f"{folder}\n{requirements.read_text()}"
folder.parent.mkdir(parents=True, exist_ok=True)
with open(f"{folder}.lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not (python.exists() and note.exists() and note.read_text() == wanted):
        note.unlink(missing_ok=True)  # first, so that a run that dies half-way leaves nothing that looks done
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r", requirements]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        note.write_text(wanted)
print(python.parent)
