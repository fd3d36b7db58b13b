"""What every vendor's toolchain.py shares: the command line of README.md, packages, logs, sentences for people."""
import json
import os
import re
import subprocess
import sys
import time
from importlib import metadata


class Failure(Exception):
    """One sentence for people: which step of which tool, what it said, where its log lies."""


class Progress:
    """Where the script's own words go, whatever a tool prints meanwhile."""

    stream = sys.stderr

    @classmethod
    def keep_for_us(cls, log):
        """Sends what libraries print to standard output and standard error into a file from here on."""
        cls.stream = os.fdopen(os.dup(2), "w")
        with open(log, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)


def say(text):
    print(text, file=Progress.stream, flush=True)


def missing(packages):
    """Of `name==version` and `name`, those that this Python lacks or has in another version."""
    result = []
    for package in packages:
        name, version = re.match(r"([\w.-]+)(?:==([\w.]+))?", package).groups()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            result.append(package)
            continue
        if version and found != version:
            result.append("%s (found %s)" % (package, found))
    return result


def install(packages):
    log = os.path.join(sys.prefix, "setup.log")
    say("pip install %s" % " ".join(packages))
    with open(log, "w") as file:
        code = subprocess.call(
            [sys.executable, "-m", "pip", "install", "--no-input", *packages], stdout=file, stderr=subprocess.STDOUT)
    if code:
        raise Failure("pip install ended with exit code %d; its log is %s" % (code, log))


def main(about, lacking, setup, build):
    """The command line.

    about: what `describe` prints, without `missing`. lacking(): what is missing. setup(): installs it.
    build(job): works in the work folder, which is the current one, and returns result.json without what is known here.
    """
    words = sys.argv[1:]
    try:
        if words == ["describe"]:
            print(json.dumps(dict(about, missing=lacking())))
        elif words == ["setup"]:
            setup()
        elif len(words) == 2 and words[0] == "compile":
            os.chdir(words[1])
            start = time.time()
            with open("job.json") as file:
                job = json.load(file)
            result = build(job)
            result.update(toolchain=about["toolchain"], seconds=round(time.time() - start, 3))
            with open("result.json", "w") as file:
                json.dump(result, file, indent=1, sort_keys=True)
                file.write("\n")
        else:
            raise Failure("expected describe, setup or compile WORK, found: %s" % " ".join(words))
    except Failure as failure:
        say("error: %s" % failure)
        return 1
    except Exception as error:
        say("error: %s: %s: %s" % (about["toolchain"], type(error).__name__, error))
        return 1
    return 0
