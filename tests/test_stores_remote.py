"""OME-Zarr behind URLs: a local S3 server, a local web server, and the memory of this process."""

from __future__ import annotations

import functools
import http.server
import json
import logging
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest

from embedding import make_block
from nbo_extract import api
from nbo_extract.errors import NboExtractError, WriteError
from nbo_extract.model import Source
from nbo_extract.registry import read
from nbo_extract.sidecars import sidecar_text
from nbo_extract.stores_remote import RemoteStore
from nbo_extract.writers.block import Safety
from nbo_extract.writers.ngff import embed_zarr, read_base_xml, restore_zarr
from sample_ome import make_ome_zarr, write_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from commands import Result

A, B = make_block("A" * 300), make_block("B" * 400)
HINT = "write a sidecar instead (leave out --embed)"
AGAIN = f"each file of the store is whole, old or new: run again when that is mended, or {HINT}"
Objects = dict[str, bytes]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Give the local S3 server, found through the environment as a user's is, with an empty bucket."""
    from s3fs import S3FileSystem

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hidden",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    files = fsspec.filesystem("s3")
    files.mkdir("bucket")
    yield files
    if files.exists("bucket"):
        files.rm("bucket", recursive=True)
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def upload(files: Any, folder: Path, place: str) -> Objects:
    for file in folder.rglob("*"):
        if file.is_file():
            files.pipe_file(f"{place}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    return objects(files, place)


def objects(files: Any, place: str) -> Objects:
    files.invalidate_cache()
    return {p.split(place, 1)[1].lstrip("/"): files.cat_file(p) for p in files.find(place)}


def changed(before: Objects, after: Objects) -> set[str]:
    return {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}


def store(tmp_path: Path, version: str, *, consolidated: bool = False, xml: bool = True) -> Path:
    path = make_ome_zarr(tmp_path / "made" / "cells.ome.zarr", version, xml=xml)
    if consolidated:
        attributes = {n: json.loads((path / n).read_text()) for n in (".zattrs", ".zgroup")}
        (path / ".zmetadata").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": attributes}))
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_command_line_on_s3(
    s3: Any, run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    local = store(tmp_path, version, consolidated=version == "0.4")
    before = upload(s3, local, "bucket/data/cells.ome.zarr")
    tags = {e["name"]: e["ETag"] for e in s3.find("bucket", detail=True).values()}
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    # No configuration is looked for from the current folder: it is not above the image.
    (tmp_path / "here" / "nbo-extract.toml").write_text("nonsense = [", encoding="utf-8")
    url = "s3://bucket/data/cells.ome.zarr"

    done = run(url)
    assert (done.code, done.err) == (0, "")
    assert "\n  wrote cells.ome.zarr.nbo.xml\n" in done.out
    assert Path("cells.ome.zarr.nbo.xml").stat().st_size > 1000
    assert run("check", url).out.startswith(url)
    # The state of an image behind a URL is not told: it would mean to read all of it.
    assert '"image":' not in Path("cells.ome.zarr.nbo.xml").read_text()
    here, there = (run(place, "-o", "-").out for place in (url, local))
    there = there.replace(str(local), url)
    assert here == there

    done = run(url, "--embed", "--dry-run")
    assert (done.code, objects(s3, "bucket/data/cells.ome.zarr")) == (0, before)
    assert f"would embed into {url}" in done.out
    done = run(url, "--embed", "--verify-pixels")
    assert (done.code, done.err) == (0, "")
    assert f"embedded into {url} (+" in done.out
    assert "pieces of image data are what they were" in done.out
    after = objects(s3, "bucket/data/cells.ome.zarr")
    roots = {"zarr.json"} if version == "0.5" else {".zattrs", ".zmetadata"}
    assert changed(before, after) == roots | {"OME/METADATA.ome.xml"}
    written = {e["name"] for e in s3.find("bucket", detail=True).values() if tags.get(e["name"]) != e["ETag"]}
    assert written == {f"bucket/data/cells.ome.zarr/{n}" for n in changed(before, after)}
    assert f"unchanged: {url}" in run(url, "--embed").out
    assert run(url + "/").code == 0
    assert f"{url}: restored (-" in run("restore", url).out
    assert objects(s3, "bucket/data/cells.ome.zarr") == before
    assert run("restore", url).out == f"{url}: nothing was embedded\n"


def test_what_an_object_has_stays(s3: Any, tmp_path: Path) -> None:
    upload(s3, store(tmp_path, "0.5", xml=False), "bucket/cells.zarr")
    place = {"Bucket": "bucket", "Key": "cells.zarr/zarr.json"}
    body = s3.cat_file("bucket/cells.zarr/zarr.json")
    more = {"ContentType": "application/json", "CacheControl": "max-age=60", "Metadata": {"lab": "x"}}
    s3.call_s3("put_object", **place, Body=body, ACL="public-read", **more)
    embed_zarr("s3://bucket/cells.zarr", A)
    head = s3.call_s3("head_object", **place)
    assert {k: head[k] for k in more} == more
    grants = s3.call_s3("get_object_acl", **place)["Grants"]
    assert "READ" in {g["Permission"] for g in grants if g["Grantee"].get("URI", "").endswith("AllUsers")}


def test_another_writer_is_never_overwritten(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = upload(s3, store(tmp_path, "0.5", xml=False), "bucket/cells.zarr")
    check = RemoteStore._check_still
    theirs = before["zarr.json"] + b" "

    def late(self: RemoteStore, name: str, content: bytes | None) -> None:
        check(self, name, content)
        s3.pipe_file("bucket/cells.zarr/zarr.json", theirs)

    # Behind the comparison: only the condition of the write itself can notice.
    monkeypatch.setattr(RemoteStore, "_check_still", late)
    with pytest.raises(WriteError) as told:
        embed_zarr("s3://bucket/cells.zarr", A)
    assert told.value.message == ("s3://bucket/cells.zarr/zarr.json was changed by another program just now: try again")
    assert objects(s3, "bucket/cells.zarr") == {**before, "zarr.json": theirs}


def test_server_without_conditions(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = upload(s3, store(tmp_path, "0.5", xml=False), "bucket/cells.zarr")
    remote, asked = RemoteStore("s3://bucket/cells.zarr"), []
    call = remote._files.call_s3

    def old(method: str, **given: Any) -> Any:
        if method == "put_object":
            asked.append("IfMatch" in given)
            if asked[-1]:
                raise refusal("NotImplemented")
        return call(method, **given)

    monkeypatch.setattr(remote._files, "call_s3", old)
    remote.put("zarr.json", before["zarr.json"], b"{}")
    assert asked == [True, False]
    with pytest.raises(NboExtractError, match="was changed by another program just now: try again"):
        remote.put("zarr.json", before["zarr.json"], b"[]")
    assert objects(s3, "bucket/cells.zarr")["zarr.json"] == b"{}"


def refusal(code: str) -> OSError:
    from botocore.exceptions import ClientError

    error = OSError(22, code)
    error.__cause__ = ClientError({"Error": {"Code": code}}, "PutObject")
    return error


def test_denied_write(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = upload(s3, store(tmp_path, "0.5", xml=False), "bucket/cells.zarr")

    def denied(self: RemoteStore, *_: object) -> None:
        raise PermissionError("Access Denied for hidden")

    monkeypatch.setattr(RemoteStore, "_put_s3", denied)
    with pytest.raises(WriteError) as told:
        embed_zarr("s3://bucket/cells.zarr", A)
    assert told.value.message == (
        "s3://bucket/cells.zarr/zarr.json: access is denied; check the credentials and what they may do; " + AGAIN
    )
    assert objects(s3, "bucket/cells.zarr") == before


def error_of(url: str) -> str:
    with pytest.raises(NboExtractError) as told:
        read(url)
    return told.value.message


def test_what_is_wrong_with_s3_is_one_sentence(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    s3.pipe_file("bucket/many/readme.txt", b"x")
    upload(s3, store(tmp_path, "0.4"), "bucket/many/one.zarr")
    none = "holds none of zarr.json, .zgroup and .zattrs; check the URL, which must be that of one Zarr."
    assert error_of("s3://bucket/many") == f"s3://bucket/many {none}"
    assert error_of("s3://nobody/x.zarr") == "s3://nobody/x.zarr: there is no such bucket; check the URL"
    assert error_of("s3://bucket/x.ozx") == "s3://bucket/x.ozx: there is no such file; check the URL"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    type(s3).clear_instance_cache()
    assert error_of("s3://bucket/x.zarr") == (
        "s3://bucket/x.zarr/zarr.json: no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "FSSPEC_S3_ANON=true"
    )


def test_no_server() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x.zarr"
    assert error_of(url) == (
        f"{url}/zarr.json: the server cannot be reached; check the network, the URL and AWS_ENDPOINT_URL"
    )


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    way = "install it with pip install 'nbo-extract[remote]'"
    for url in ("s3://bucket/x.zarr", "https://host/x.zarr"):
        done = run(url)
        assert (done.code, done.err) == (
            3,
            f"nbo-extract: {url}: a library that such URLs need is missing (fsspec.core); {way}\n",
        )


def test_url_as_a_path() -> None:
    path = Path("s3://bucket/x.zarr")
    with pytest.raises(NboExtractError, match=r"s3:/bucket/x\.zarr: a URL is given as a text, not as a Path"):
        read(path)


def test_unknown_kind_of_url() -> None:
    assert error_of("nope://x/y.zarr") == "nope://x/y.zarr: URLs of this kind are not known; s3:// and https:// are"


# -- the web ----------------------------------------------------------------------------------------------------------


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/denied"):
            self.send_error(403)
        elif self.path.startswith("/broken"):
            self.send_error(500, "no luck with " + self.path.partition("?")[2])
        else:
            super().do_GET()

    def list_directory(self, path: str | Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "made").mkdir()
    handler = functools.partial(Handler, directory=str(tmp_path / "made"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_web_is_read_only_and_secrets_are_not_told(
    web: str, tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, "0.5")
    monkeypatch.chdir(tmp_path)
    shown = f"http://{web}/cells.ome.zarr"
    url = f"http://user:s3cret@{web}/cells.ome.zarr?token=t0ken"
    done = run(url)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(shown)
    sidecar = (tmp_path / "cells.ome.zarr.nbo.xml").read_text()
    done = run(url, "--embed")
    assert done.code == 3
    assert done.err == (
        f"nbo-extract: {shown} is read-only, because nothing is written over the web: give the s3:// URL of the store, "
        f"or {HINT}\n"
    )
    said = [done.out, done.err, sidecar, run("check", url, "--json").out]
    for place in ("denied", "broken", "absent"):
        done = run(url.replace("cells.ome.zarr", f"{place}/x.zarr"))
        assert done.code == 3
        assert done.err.count("\n") == 1
        said.append(done.err)
    assert said[-3] == (
        f"nbo-extract: http://{web}/denied/x.zarr: access is denied; check the credentials and what they may do.\n"
    )
    assert said[-2].startswith(f"nbo-extract: http://{web}/broken/x.zarr/zarr.json: the server refused (")
    assert not [text for text in said if "s3cret" in text or "t0ken" in text]


def test_what_was_filled_into_a_sidecar_is_not_lost_silently(
    web: str, tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = api.extract(store(tmp_path, "0.5"))
    image = document.images[0]
    image.facts["Name"] = replace(image.facts["Name"], source=Source("hardware", file="scope.json"))
    (tmp_path / "cells.ome.zarr.nbo.xml").write_text(sidecar_text(document, "xml"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = run(f"http://u:s3cret@{web}/cells.ome.zarr?token=t0ken")
    assert done.code == 0
    assert done.err == (
        "nbo-extract: cells.ome.zarr.nbo.xml: 1 fact from scope.json is not kept, because nothing tells whether it is "
        "for cells.ome.zarr as it is now; give scope.json with --hardware to have them again\n"
    )
    assert "s3cret" not in done.out
    assert "t0ken" not in done.out


def test_two_stores_of_one_name(web: str, tmp_path: Path, run: Callable[..., Result]) -> None:
    urls = [f"http://u:pw@{web}/{n}/cells.zarr" for n in "ab"]
    first, second = (u.replace("u:pw@", "") for u in urls)
    done = run(*urls)
    assert (done.code, done.err) == (
        2,
        f"nbo-extract: {first} and {second} would both be written to cells.zarr.nbo.xml; run them one after the "
        "other, with a folder each\n",
    )
    done = run(urls[0], "-o", "s3://bucket/x.nbo.xml")
    assert done.err == (
        "nbo-extract: s3://bucket/x.nbo.xml: documents are written to disks alone; give a file or a folder with -o\n"
    )
    done = run(urls[0], "--reader", "czi")
    assert done.err == f"nbo-extract: {first}: the reader czi takes no URLs; copy the image to a disk\n"


# -- memory, and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_backup_and_hashes_behind_a_url(memory: Any, tmp_path: Path, version: str) -> None:
    url = "memory://lab/cells.zarr"
    before = upload(memory, store(tmp_path, version, consolidated=version == "0.4"), "/lab/cells.zarr")
    safety = Safety(backup=True, verify_pixels=True)
    assert embed_zarr(url, B, safety=safety).path == url
    assert embed_zarr(url, A, safety=safety).state == "embedded"
    after = objects(memory, "/lab/cells.zarr")
    kept = {n.removesuffix(".nbo-backup"): c for n, c in after.items() if n.endswith(".nbo-backup")}
    assert kept.keys() == {n for n in before if before[n] != after[n]}
    assert all(before[n] == content for n, content in kept.items())
    assert read_base_xml(url) == before["OME/METADATA.ome.xml"]
    assert restore_zarr(url, safety=safety).state == "restored"
    assert {n: c for n, c in objects(memory, "/lab/cells.zarr").items() if n in before} == before
    root = "zarr.json" if version == "0.5" else ".zattrs"
    memory.pipe_file(f"/lab/cells.zarr/{root}.nbo-backup", b"{}")
    with pytest.raises(WriteError) as told:
        embed_zarr(url, A, safety=safety)
    assert told.value.message == (
        f"{url}/{root} is left as it is, because {url}/{root}.nbo-backup is there already and is no copy "
        "of its original: move that away"
    )


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_pixels_that_change_behind_a_url_undo_what_was_written(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = request.getfixturevalue(kind)
    before = upload(files, store(tmp_path, "0.5"), "/lab/cells.zarr" if kind == "memory" else "bucket/cells.zarr")
    place = "/lab/cells.zarr" if kind == "memory" else "bucket/cells.zarr"
    url = f"{kind}://{place.lstrip('/')}"
    put = RemoteStore.put

    def meddling(self: RemoteStore, name: str, old: bytes | None, new: bytes) -> None:
        put(self, name, old, new)
        files.pipe_file(f"{place}/0/c/0/0/0/0", b"other")

    monkeypatch.setattr(RemoteStore, "put", meddling)
    with pytest.raises(WriteError) as told:
        embed_zarr(url, A, safety=Safety(verify_pixels=True))
    assert told.value.message == (
        f"{url}: 0/c/0/0/0/0 changed while metadata were embedded, so that these were taken out again: make sure that "
        f"no other program is writing the store, and try again, or {HINT}"
    )
    assert changed(before, objects(files, place)) == {"0/c/0/0/0/0"}


@pytest.mark.parametrize("action", ["embed", "embed again", "restore"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_interrupted_at_any_file(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, at: int
) -> None:
    url, place = "memory://lab/cells.zarr", "/lab/cells.zarr"
    before = upload(memory, store(tmp_path, "0.4", consolidated=True), place)
    embed_zarr(url, B)
    wanted = objects(memory, place)
    if action != "restore":
        restore_zarr(url)
    if action == "embed again":
        embed_zarr(url, A)
    start = objects(memory, place)
    end = before if action == "restore" else wanted
    put, left = RemoteStore.put, [at]

    def failing(self: RemoteStore, name: str, old: bytes | None, new: bytes) -> None:
        if not left[0]:
            raise NboExtractError(f"{name}: the line is cut")
        left[0] -= 1
        put(self, name, old, new)

    def go() -> None:
        restore_zarr(url) if action == "restore" else embed_zarr(url, B)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteStore, "put", failing)
        with pytest.raises(WriteError) as told:
            go()
    name = ("OME/METADATA.ome.xml", ".zmetadata", ".zattrs")[at]
    assert told.value.message == f"{name}: the line is cut; {AGAIN}"
    found = objects(memory, place)
    assert all(found[n] in (start[n], end[n]) for n in found)
    assert len(changed(start, found)) == at
    go()
    assert objects(memory, place) == end
    restore_zarr(url)
    assert objects(memory, place) == before


def test_parts_and_folders_behind_a_url(memory: Any, tmp_path: Path) -> None:
    write_group(tmp_path / "set", "0.5", {"bioformats2raw.layout": 3})
    make_ome_zarr(tmp_path / "set" / "0", "0.5")
    upload(memory, tmp_path / "set", "/lab/set.zarr")
    assert [i.get("Path") for i in read("memory://lab/set.zarr").tree.iterfind("Structure/Image")] == ["0"]
    with pytest.raises(WriteError) as told:
        embed_zarr("memory://lab/set.zarr/0", A)
    assert told.value.message == (
        "memory://lab/set.zarr/0 is a part of the Zarr memory://lab/set.zarr, and metadata are embedded into the whole "
        f"alone: give that, or {HINT}"
    )


def test_archive_behind_a_url(memory: Any, tmp_path: Path) -> None:
    import shutil

    path = store(tmp_path, "0.5")
    memory.pipe_file("/lab/cells.ozx", Path(shutil.make_archive(str(tmp_path / "a"), "zip", path)).read_bytes())
    assert read("memory://lab/cells.ozx").tree.find("OME/Instrument") is not None
    with pytest.raises(WriteError, match=r"memory://lab/cells.ozx is a file: embedding needs an OME-Zarr folder"):
        embed_zarr("memory://lab/cells.ozx", A)


def test_file_urls_are_paths(tmp_path: Path, run: Callable[..., Result]) -> None:
    path = store(tmp_path, "0.5")
    done = run(f"file://{path}")
    assert (done.code, done.err) == (0, "")
    assert f"wrote {path}.nbo.xml" in done.out
    before = (path / "zarr.json").read_bytes()
    assert run(path.as_uri(), "--embed").code == 0
    assert f"{path}: restored (" in run("restore", path.as_uri()).out
    assert (path / "zarr.json").read_bytes() == before
