"""Makes .venv with the locked packages, once for each lock: `environment.py requirements.lock`.

Runs under whatever Python there is, so it uses the standard library and old syntax alone.
"""

import hashlib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PROGRAM = os.path.join(VENV, "bin", "python")
OLDEST = (3, 11)
LINE_WIDTH = 78
# A development lock holds the runtime lock's packages in the same versions.
INCLUDED = {"requirements-dev.lock": ["requirements.lock"]}


# The program `baoxue` of this working copy; the package itself is not installed.
COMMAND = """#!/bin/sh
PYTHONPATH="{root}${{PYTHONPATH:+:$PYTHONPATH}}" exec "{python}" -m baoxue.cli "$@"
"""


def main(lock):
    require_python()
    if not all_current([lock]):
        make(lock)
    put_command()


def make(lock):
    require_venv()
    if not os.path.exists(PROGRAM):
        say("正在建立 .venv …")
        subprocess.check_call([sys.executable, "-m", "venv", VENV])
    install(lock)
    for name in [lock] + INCLUDED.get(lock, []):
        with open(stamp(name), "w", encoding="ascii") as file:
            file.write(digest(name))


def put_command():
    """Writes .venv/bin/baoxue, unless it is there as it should be."""
    path = os.path.join(VENV, "bin", "baoxue")
    wanted = COMMAND.format(root=ROOT, python=PROGRAM)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == wanted:
                return
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(wanted)
    os.chmod(path + ".new", 0o755)
    os.replace(path + ".new", path)


def require_python():
    if sys.version_info < OLDEST:
        fail(
            "需要 Python 3.11 或更新，这里是 {}.{}：请安装后 make PYTHON=python3.11。".format(
                *sys.version_info[:2]
            )
        )


def require_venv():
    try:
        __import__("venv")
        __import__("ensurepip")
    except ImportError:
        fail("这个 Python 没有 venv：请先安装(Debian/Ubuntu：apt-get install python3-venv)再重试。")


def all_current(locks):
    return os.path.exists(PROGRAM) and all(stamped(name) == digest(name) for name in locks)


def stamp(lock):
    return os.path.join(VENV, "." + lock + ".sha256")


def stamped(lock):
    if not os.path.exists(stamp(lock)):
        return None
    with open(stamp(lock), encoding="ascii") as file:
        return file.read()


def digest(lock):
    with open(os.path.join(ROOT, lock), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def install(lock):
    path = os.path.join(ROOT, lock)
    with open(path, encoding="ascii") as file:
        total = len(re.findall(r"^[a-z].*==", file.read(), re.MULTILINE))
    log_path = os.path.join(VENV, "install.log")
    words = [PROGRAM, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    words += ["--only-binary", ":all:", "--disable-pip-version-check", "--progress-bar", "off"]
    with open(log_path, "w", encoding="utf-8") as log:
        code = follow(words + ["-r", path], log, total)
    if code != 0:
        fail(why(log_path))


def follow(words, log, total):
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    done = 0
    if not sys.stdout.isatty():
        say("正在取依赖，共 {} 个 …".format(total))
    for raw in process.stdout:
        line = raw.decode("utf-8", "replace")
        log.write(line)
        found = re.match(r"(Collecting|Requirement already satisfied:) (\S+)", line)
        if found:
            done += 1
            progress("正在取依赖 {}/{} {}".format(done, total, found.group(2).split("==")[0]))
        elif line.startswith("Installing collected"):
            progress("正在安装依赖 …")
    process.wait()
    finish()
    return process.returncode


def why(log_path):
    with open(log_path, encoding="utf-8") as log:
        text = log.read()
    if "No space left on device" in text:
        return "磁盘已满，依赖没有装完：请清理磁盘后重试。"
    if "DO NOT MATCH THE HASHES" in text:
        return "有软件包与登记的 SHA-256 不符，拒绝安装：请检查网络是否改写了下载内容。"
    if "Connection" in text or "Temporary failure" in text or "Retrying" in text:
        return "取不到依赖：首次启动需要网络，请检查网络或代理后重试。详情见 " + log_path
    return "依赖没有装完，详情见 " + log_path


def progress(text):
    if sys.stdout.isatty():
        sys.stdout.write("\r" + text.ljust(LINE_WIDTH))
        sys.stdout.flush()


def finish():
    if sys.stdout.isatty():
        sys.stdout.write("\n")


def say(text):
    print(text)
    sys.stdout.flush()


def fail(text):
    sys.exit("✗ " + text)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
