"""What no test and no code under test may do: reach the network, start a program, write elsewhere.

One audit hook (https://docs.python.org/3/library/audit_events.html) watches the process. An audit
hook cannot be removed, so it is installed once and switched on while tests run; then it refuses

- every socket that would leave the process, except loopback where a test is marked ``loopback``;
- every program except git, the linters and the analyser that the product names, and those a test
  registers;
- for code of ours, a child that inherits the environment or is handed a canary; the analyser may
  have the keys of models;
- every write outside the temporary folder of the run, a database's among them;
- ways round these: functions of C libraries by name, processes that Python's own modules fork,
  extensions of SQLite, sockets below IP, and objects that product code unpickles.

A refusal raises and is remembered: code that swallows the error fails its test all the same.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Programs that the product may start; the linters live beside the interpreter.
LINTERS = ("ruff", "hadolint", "zizmor")

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CACHES = frozenset({"__pycache__", ".hypothesis", ".pytest_cache"})
_NEVER = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "sqlite3.enable_load_extension",
    "sqlite3.load_extension",
)
#: -1 is what Python asks for where it reads the family from a file descriptor.
_FAMILIES = frozenset({-1, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX})
#: What a C library does in our place, by its names there.
_SYMBOLS = frozenset(
    [
        "system",
        "popen",
        "fork",
        "vfork",
        "clone",
        "syscall",
        "ptrace",
        "dlopen",
        "execl",
        "execlp",
        "execle",
        "execv",
        "execvp",
        "execve",
        "execvpe",
        "fexecve",
        "posix_spawn",
        "posix_spawnp",
        "socket",
        "connect",
        "sendto",
        "sendmsg",
        "bind",
        "getaddrinfo",
        "gethostbyname",
        "open",
        "open64",
        "openat",
        "creat",
        "fopen",
        "unlink",
        "rename",
        "link",
        "symlink",
    ]
)
_DEVICES = frozenset({"/dev/null", "/dev/tty"})

# Put together at run time: a whole token in a tracked file would be a finding of our own scanner.
_CANARY = "c4n4ry" + "Xq7Zt2Lw9Rk5Vb8Np3Hs6Jd1"

#: Secrets that stand in the environment of every test and may never be seen anywhere else. They
#: have the forms and lengths of real ones, so that whoever knows one by its form knows these.
CANARIES: Mapping[str, str] = {
    "ANTHROPIC_API_KEY": f"sk-ant-api03-{_CANARY}{_CANARY}A",
    "AWS_SECRET_ACCESS_KEY": f"{_CANARY}W/{_CANARY[:8]}",
    "GH_TOKEN": f"gho_{_CANARY}{_CANARY[:5]}H",
    "GITHUB_TOKEN": f"ghp_{_CANARY}{_CANARY[:5]}G",
    "OPENAI_API_KEY": f"sk-proj-{_CANARY}{_CANARY[:15]}O",
}

#: What stands in files of the home folder where programs look for keys, by the file.
KEY_FILES: Mapping[str, str] = {
    ".aws/credentials": f"[default]\naws_secret_access_key = {_CANARY}F/{_CANARY[:9]}\n",
    ".config/gh/hosts.yml": f"github.com:\n    oauth_token: gho_{_CANARY}F\n",
    ".git-credentials": f"https://somebody:ghp_{_CANARY}F@github.com\n",
    ".netrc": f"default login somebody password {_CANARY}F\n",
    ".ssh/id_rsa": f"-----BEGIN PRIVATE KEY-----\n{_CANARY}F\n-----END PRIVATE KEY-----\n",
}

#: What the analyser's process is for: the keys of models, and no other secret (security.md S2).
_MODEL_KEYS = frozenset({"ANTHROPIC_API_KEY", "OPENAI_API_KEY"})
_ANALYSER = ("-m", "reviewer.entrypoints.analyser")


class ForbiddenActionError(AssertionError):
    """Something that a guard refuses."""


class Guard:
    """The state of the hook: what is allowed at the moment, and what was refused."""

    def __init__(self) -> None:
        self.active = False
        self.loopback = False
        self.programs: set[str] = set()
        self.roots: tuple[str, ...] = ()
        self.refusals: list[str] = []
        # In a child process there is no test code: everything counts as the product.
        self.lenient_for_tests = True
        self._git = _resolve("git", os.environ)
        scripts = Path(sysconfig.get_path("scripts"))
        self._linters = {os.path.realpath(scripts / name) for name in LINTERS}
        self._handlers: dict[str, Callable[[tuple[object, ...]], None]] = {
            "open": self._open,
            "ctypes.dlsym": self._symbol,
            "ctypes.dlsym/handle": self._symbol,
            "import": self._import,
            "os.chmod": self._one_path(2),
            "os.chown": self._one_path(3),
            "os.link": self._second_path,
            "os.mkdir": self._one_path(2),
            "os.remove": self._one_path(1),
            "os.removexattr": self._one_path(None),
            "os.rename": self._both_paths,
            "os.rmdir": self._one_path(1),
            "os.setxattr": self._one_path(None),
            "os.symlink": self._second_path,
            "os.truncate": self._one_path(None),
            "os.utime": self._one_path(3),
            "pickle.find_class": self._unpickle,
            "socket.__new__": self._socket,
            "socket.bind": self._bind,
            "socket.connect": self._address,
            "socket.getaddrinfo": self._host,
            "socket.gethostbyaddr": self._host,
            "socket.gethostbyname": self._host,
            "socket.getnameinfo": self._name,
            "socket.sendmsg": self._address,
            "socket.sendto": self._address,
            "sqlite3.connect": self._database,
            "subprocess.Popen": self._popen,
            "os.posix_spawn": self._posix_spawn,
        }
        for event in _NEVER:
            self._handlers[event] = self._never(event)

    def install(self) -> None:
        """Add the hook to this process, for good."""
        handlers = self._handlers

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if self.active and (handler := handlers.get(event)) is not None:
                handler(arguments)

        sys.addaudithook(hook)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Refuse forbidden actions inside the block."""
        before, self.active = self.active, True
        try:
            yield
        finally:
            self.active = before

    @contextmanager
    def refuses(self, words: str) -> Iterator[None]:
        """Expect exactly one refusal inside the block, which says these words."""
        count = len(self.refusals)
        with suppress(ForbiddenActionError):
            yield
        new = self.refusals[count:]
        del self.refusals[count:]
        assert len(new) == 1, f"one refusal was expected, there were {new}"
        assert words in new[0], new[0]

    def child_environment(self, log: Path, *, loopback: bool = False) -> dict[str, str]:
        """Return the variables that switch the guards on in a Python that a test starts.

        Args:
            log: The file that its refusals are written to, one a line.
            loopback: Whether it may reach the loopback interface.
        """
        return {
            **({"GUARD_LOOPBACK": "1"} if loopback else {}),
            "GUARD_CHECKOUT": str(ROOT),
            "GUARD_LOG": str(log),
            "GUARD_ROOTS": os.pathsep.join(self.roots),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "guard_site"), str(ROOT)]),
        }

    def refuse(self, what: str) -> None:
        """Remember the refusal and raise it."""
        self.refusals.append(what)
        raise ForbiddenActionError(what)

    # --- programs ----------------------------------------------------------------------------
    def _popen(self, arguments: tuple[object, ...]) -> None:
        executable, argv, _, env = arguments
        environment = env if isinstance(env, Mapping) else None
        program = _resolve(_text(executable), environment or os.environ)
        words = [_text(word) for word in argv] if isinstance(argv, Sequence) else []
        analyser = program == os.path.realpath(sys.executable) and tuple(words[-2:]) == _ANALYSER
        if not analyser and program not in {self._git, *self._linters, *self.programs}:
            self.refuse(f"starts {_text(executable)}; see the fixture allowed_program")
        if self._asked_by_a_test():
            return
        if environment is None:
            self.refuse(f"starts {_text(executable)} with the whole environment")
        kept = _MODEL_KEYS if analyser else frozenset()
        handed = [
            *words,
            *(_text(v) for k, v in (environment or {}).items() if _text(k) not in kept),
        ]
        if any(find_canary(text) for text in handed):
            self.refuse(f"hands a secret of the environment to {_text(executable)}")

    def _posix_spawn(self, arguments: tuple[object, ...]) -> None:
        program = os.path.realpath(_text(arguments[0]))
        if program not in {self._git, *self._linters, *self.programs}:
            self.refuse(f"starts {program}")

    def _never(self, event: str) -> Callable[[tuple[object, ...]], None]:
        return lambda arguments: self.refuse(f"calls {event} {arguments[:1]}")

    def _symbol(self, arguments: tuple[object, ...]) -> None:
        """Functions of C libraries do whatever they like, and no event tells of it."""
        if arguments[1] in _SYMBOLS:
            self.refuse(f"takes {arguments[1]} out of a C library")

    def _import(self, arguments: tuple[object, ...]) -> None:
        """`multiprocessing` starts processes below the events; these modules are its ways."""
        if _text(arguments[0]).startswith("multiprocessing.popen_"):
            self.refuse("starts a process with multiprocessing")

    def _unpickle(self, arguments: tuple[object, ...]) -> None:
        if self._nearest() == "product":
            self.refuse(f"unpickles {arguments[0]}.{arguments[1]}")

    def _asked_by_a_test(self) -> bool:
        """Tell whether test code, and not the product, is nearest on the stack."""
        return self.lenient_for_tests and self._nearest() == "tests"

    def _nearest(self) -> str:
        """Tell whose code is nearest on the stack: the product's, the tests', nobody's."""
        product, tests = f"{ROOT}/reviewer/", f"{ROOT}/tests/"
        frame = sys._getframe(1)  # noqa: SLF001 - the documented way to see one's caller
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(product):
                return "product"
            if name.startswith(tests) and name != __file__:
                return "tests"
            frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
        return ""

    # --- files -------------------------------------------------------------------------------
    def _open(self, arguments: tuple[object, ...]) -> None:
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING:
            self._write(path, follow=True)

    def _database(self, arguments: tuple[object, ...]) -> None:
        """SQLite opens its files itself, without an event of `open`."""
        name = _text(arguments[0]).removeprefix("file:").partition("?")[0]
        if name not in {"", ":memory:"}:
            self._write(name, follow=True)

    def _one_path(self, folder_index: int | None) -> Callable[[tuple[object, ...]], None]:
        def handle(arguments: tuple[object, ...]) -> None:
            folder = -1 if folder_index is None else arguments[folder_index]
            self._write(arguments[0], folder)

        return handle

    def _second_path(self, arguments: tuple[object, ...]) -> None:
        self._write(arguments[1], arguments[-1])

    def _both_paths(self, arguments: tuple[object, ...]) -> None:
        self._write(arguments[0], arguments[-2])
        self._write(arguments[1], arguments[-1])

    def _write(self, path: object, folder: object = -1, *, follow: bool = False) -> None:
        if isinstance(path, int):
            return
        if _text(path) in _DEVICES:
            return
        place = Path(_text(path))
        if isinstance(folder, int) and folder >= 0:
            place = Path(f"/proc/self/fd/{folder}") / place
        # A link that is followed counts as what it points to; one that is removed, as itself.
        place = place.resolve() if follow else place.parent.resolve() / place.name
        if place.name.startswith(".coverage") or not _CACHES.isdisjoint(place.parts):
            return
        if not any(place.is_relative_to(root) for root in self.roots):
            self.refuse(f"writes {place}, outside the temporary folder")

    # --- network -----------------------------------------------------------------------------
    def _socket(self, arguments: tuple[object, ...]) -> None:
        family, kind = arguments[1], arguments[2]
        if family not in _FAMILIES or kind == socket.SOCK_RAW:
            self.refuse(f"opens a socket below IP ({family!r}, {kind!r}): no way over the network")

    def _name(self, arguments: tuple[object, ...]) -> None:
        address = arguments[0]
        self._reach(address[0] if isinstance(address, tuple) and address else address)

    def _bind(self, arguments: tuple[object, ...]) -> None:
        # urllib3 asks so, while it is imported, whether the machine knows IPv6; nobody is reached.
        if arguments[1] != ("::1", 0):
            self._address(arguments)

    def _address(self, arguments: tuple[object, ...]) -> None:
        address = arguments[1]
        self._reach(address[0] if isinstance(address, tuple) and address else address)

    def _host(self, arguments: tuple[object, ...]) -> None:
        self._reach(arguments[0])

    def _reach(self, host: object) -> None:
        if not self.loopback or (host is not None and _text(host) not in _LOOPBACK):
            self.refuse(f"reaches {host!r} over the network")


def _text(value: object) -> str:
    if isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(value)
    return repr(value)


def _resolve(program: str, environment: Mapping[str, str] | Mapping[bytes, bytes]) -> str:
    """Return the file that starting this name would start."""
    if os.sep in program:
        return os.path.realpath(program)
    path = next((_text(v) for k, v in environment.items() if _text(k) == "PATH"), os.defpath)
    found = shutil.which(program, path=path)
    return os.path.realpath(found) if found else program


def _forms(secret: str) -> Iterator[bytes]:
    """Yield the secret as it is and as something that encodes it would write it."""
    raw = secret.encode()
    yield raw
    yield raw[::-1]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):
        # base64 depends on where the secret begins in what is encoded; the edges are cut off.
        yield base64.b64encode(b"\0" * shift + raw)[4:-4]
        yield base64.urlsafe_b64encode(b"\0" * shift + raw)[4:-4]


_ANY_CANARY = re.compile(
    b"|".join(
        re.escape(form)
        for value in (*CANARIES.values(), f"{_CANARY}F")
        for form in dict.fromkeys(_forms(value))
    )
)


def find_canary(text: str | bytes) -> bool:
    """Tell whether a canary stands in the text: plain, reversed, in hex or in base64."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return _ANY_CANARY.search(raw) is not None


def _is_key_file(file: Path) -> bool:
    """Tell whether it is one of those in which a canary belongs."""
    home = Path(os.environ.get("HOME", os.devnull))
    return file.is_relative_to(home) and str(file.relative_to(home)) in KEY_FILES


def files_with_canaries(folder: Path, *, skipped: Iterable[str] = (".git",)) -> list[Path]:
    """Return the files below a folder in which a canary stands."""
    leave_out = set(skipped)
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in leave_out]
        for name in names:
            file = Path(place, name)
            if _is_key_file(file) or file.is_symlink() or not file.is_file():
                continue
            if find_canary(file.read_bytes()):
                found.append(file)
    return sorted(found)
