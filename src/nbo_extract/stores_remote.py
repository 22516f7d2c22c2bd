"""Stores that a URL names, through fsspec: S3, HTTP and what else it knows.

Credentials and endpoint come from fsspec's own configuration and from the environment; nothing of them is kept or told.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import ChangedError, NboExtractError
from nbo_extract.stores import MAX_FILE, ZIP_SUFFIXES, Store, ZipStore, shown

if TYPE_CHECKING:
    from collections.abc import Callable

_WAY: Final = "install it with pip install 'nbo-extract[remote]'"
_WEB: Final = ("http", "https")
_ABSENT: Final = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_DENIED: Final = (401, 403)
#: What a server says that does not know conditions on a write.
_NO_CONDITIONS: Final = ("NotImplemented", "InvalidArgument", "InvalidRequest")
_LOST: Final = ("PreconditionFailed", "ConditionalRequestConflict")
#: What a new object takes over from the one in whose place it is put.
_KEPT: Final = (
    *("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Metadata"),
    *("StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "WebsiteRedirectLocation"),
)
_PUBLIC: Final = "http://acs.amazonaws.com/groups/global/AllUsers"


def open_remote(url: str) -> Store:
    """Return the store of a URL: the files below it, or the archive that it names.

    Raises
    ------
    NboExtractError
        If no library for such URLs is installed, or an archive cannot be opened.
    """
    store = RemoteStore(url)
    return store.archive() if store.label.lower().endswith(ZIP_SUFFIXES) else store


class RemoteStore(Store):
    """The files below a URL.

    Parameters
    ----------
    url : str

    Attributes
    ----------
    read_only : bool
        Whether nothing can be written by this way.
    """

    def __init__(self, url: str) -> None:
        self.label = shown(url)
        self._url = url
        self._query = ""
        scheme = url.partition("://")[0].lower()
        self.read_only = scheme in _WEB
        self.is_s3 = scheme in ("s3", "s3a")
        base = url
        if scheme in _WEB:
            base, mark, query = url.partition("?")
            self._query = mark + query
        try:
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(base.rstrip("/"))
        except ImportError as error:
            raise NboExtractError(
                f"{self.label}: a library that such URLs need is missing ({error.name or error}); {_WAY}"
            ) from error
        except Exception as error:
            raise self._failed(error) from error
        self._root = str(root)

    def archive(self) -> ZipStore:
        """Open the URL as an archive."""
        try:
            return ZipStore(self.label, self._files.open(self._root + self._query, "rb"))
        except NboExtractError:
            raise
        except _ABSENT as error:
            raise NboExtractError(f"{self.label}: there is no such file; check the URL") from error
        except Exception as error:
            raise self._failed(error) from error

    def _place(self, name: str) -> str:
        return "/".join([self._root, *(p for p in name.split("/") if p)]) + self._query

    def load(self, name: str, *, strict: bool = False) -> bytes | None:
        """Return the content of a file; see `Store`."""
        try:
            content: bytes = self._files.cat_file(self._place(name))
        except _ABSENT as error:
            if "bucket does not exist" in str(error):
                raise NboExtractError(f"{self.label}: there is no such bucket; check the URL") from error
            return None
        except Exception as error:
            # Who may not list a bucket is told "denied" of what is not there, too.
            if _is_denied(error) and not strict:
                self.denied = True
                return None
            raise self._failed(error, self.name(name)) from error
        if len(content) > MAX_FILE:
            raise NboExtractError(f"{self.name(name)} is larger than metadata ever are; check the URL")
        return content

    def children(self) -> list[str]:
        """Return the names of the folders; see `Store`."""
        try:
            self._files.invalidate_cache()
            found = self._files.ls(self._root, detail=True)
        except Exception:  # a server that lists nothing, as most on the web
            return []
        names = (str(e["name"]).rstrip("/").rpartition("/")[2] for e in found if e.get("type") == "directory")
        return sorted(n for n in names if n and not n.startswith("."))

    def fingerprints(self, skip: Callable[[str], bool]) -> dict[str, str]:
        """Return what tells each file that is not to be skipped: of S3 its entity tag and size, else a hash.

        Raises
        ------
        NboExtractError
            If the files cannot be listed or read.
        """
        try:
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
            names = {p.removeprefix(self._root).strip("/"): (p, e) for p, e in found.items()}
            return {n: self._fingerprint(p, e) for n, (p, e) in sorted(names.items()) if not skip(n)}
        except Exception as error:
            raise self._failed(error) from error

    def _fingerprint(self, path: str, entry: dict[str, Any]) -> str:
        if self.is_s3 and entry.get("ETag"):
            return f"{entry['ETag']} {entry.get('size')}"
        made = hashlib.sha256()
        with self._files.open(path, "rb") as stream:
            while piece := stream.read(1 << 20):
                made.update(piece)
        return made.hexdigest()

    def above(self) -> Store | None:
        """Return the store of the folder above."""
        scheme, _, rest = self._url.partition("?")[0].rstrip("/").partition("://")
        folder, slash, _ = rest.rpartition("/")
        return RemoteStore(f"{scheme}://{folder}{self._query}") if slash and folder else None

    def put(self, name: str, before: bytes | None, after: bytes) -> None:
        """Give a file new content by one request, if it still has the old.

        Parameters
        ----------
        name : str
        before : bytes or None
            What it must hold now; None where it must not be there.
        after : bytes

        Raises
        ------
        ChangedError
            If it holds something else.
        NboExtractError
            If it cannot be written, or reads back differently.
        """
        try:
            if self.is_s3:
                self._put_s3(name, before, after)
            else:
                self._check_still(name, before)
                self._files.pipe_file(self._place(name), after)
        except NboExtractError:
            raise
        except NotImplementedError as error:
            raise NboExtractError(f"{self.name(name)} cannot be written: such URLs are read-only") from error
        except Exception as error:
            if _code(error) in _LOST:
                raise self._changed(name) from error
            raise self._failed(error, self.name(name)) from error
        if self.load(name, strict=True) != after:
            raise NboExtractError(f"{self.name(name)} reads back differently from what was written: check it")

    def _check_still(self, name: str, before: bytes | None) -> None:
        if self.load(name, strict=True) != before:
            raise self._changed(name)

    def _changed(self, name: str) -> ChangedError:
        return ChangedError(f"{self.name(name)} was changed by another program just now: try again")

    def _put_s3(self, name: str, before: bytes | None, after: bytes) -> None:
        bucket, key, _ = self._files.split_path(self._place(name))
        place = {"Bucket": bucket, "Key": key}
        kept: dict[str, Any] = {}
        condition = {"IfNoneMatch": "*"}
        if before is not None:
            # The tag first: what changes after it makes the comparison, or the write, fail.
            head = self._files.call_s3("head_object", **place)
            kept = {k: head[k] for k in _KEPT if head.get(k)} | self._public(place)
            condition = {"IfMatch": head["ETag"]}
        self._check_still(name, before)
        try:
            self._files.call_s3("put_object", **place, **kept, **condition, Body=after)
        except Exception as error:
            if _code(error) not in _NO_CONDITIONS:
                raise
            self._check_still(name, before)
            self._files.call_s3("put_object", **place, **kept, Body=after)
        self._files.invalidate_cache()

    def _public(self, place: dict[str, str]) -> dict[str, str]:
        """Return the permission that makes an object readable for all, if it is: a write would take it away."""
        try:
            grants = self._files.call_s3("get_object_acl", **place)["Grants"]
        except Exception:  # many servers have none, and many users may not ask
            return {}
        everyone = {g.get("Permission") for g in grants if g.get("Grantee", {}).get("URI") == _PUBLIC}
        return {"ACL": "public-read"} if "READ" in everyone else {}

    def _failed(self, error: Exception, label: str = "") -> NboExtractError:
        return NboExtractError(f"{label or self.label}: {self._cause(error)}")

    def _cause(self, error: Exception) -> str:
        kinds = {kind.__name__ for e in (error, error.__cause__) if e is not None for kind in type(e).__mro__}
        if _is_denied(error):
            return "access is denied; check the credentials and what they may do"
        if kinds & {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}:
            return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_S3_ANON=true"
        if kinds & {"ClientConnectionError", "ConnectionError", "HTTPClientError", "TimeoutError", "gaierror"}:
            return "the server cannot be reached; check the network, the URL and AWS_ENDPOINT_URL"
        if "ValueError" in kinds and "rotocol not known" in str(error):
            return "URLs of this kind are not known; s3:// and https:// are"
        return f"the server refused ({self._told(error)}); check the URL"

    def _told(self, error: Exception) -> str:
        """Return what an error says, without what of the URL may be secret."""
        text = " ".join(f"{type(error).__name__}: {error}".split())
        secrets = [self._query.lstrip("?"), self._url.partition("://")[2].rpartition("@")[0]]
        secrets += [p for s in secrets for p in re.split("[&=:]", s)]
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "...")
        return text


def _code(error: Exception) -> str:
    response = getattr(error.__cause__, "response", None) or getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _is_denied(error: Exception) -> bool:
    return isinstance(error, PermissionError) or getattr(error, "status", None) in _DENIED
