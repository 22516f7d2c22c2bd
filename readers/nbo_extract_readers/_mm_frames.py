"""JSON of Micro-Manager's frames: values out of their wrappings, properties of devices by device."""

from __future__ import annotations

from typing import Any

Frames = list[tuple[dict[str, int], dict[str, Any]]]

# Keys of Micro-Manager itself that have a hyphen.
_OWN = frozenset({"Exposure-ms", "ElapsedTime-ms", "Exposure-us", "StateCache-keys"})
# Properties that any device of a kind has: what stands before them is the label of a device.
_COMMON = ("-Description", "-Name", "-Label", "-State", "-HubID", "-Binning", "-CameraName", "-Exposure")


def flattened(frame: dict[str, Any]) -> dict[str, Any]:
    """Return keys and plain values: version 2 wraps each as ``PropVal``, or as ``scalar`` with its type."""
    flat: dict[str, Any] = {}
    for key, value in frame.items():
        if isinstance(value, dict):
            if "PropVal" in value:
                value = value["PropVal"]
            elif "scalar" in value:
                value = value["scalar"]
        flat[key] = value
    scope = flat.get("ScopeData")
    if isinstance(scope, dict):
        flat = {**flattened(scope), **{k: v for k, v in flat.items() if k != "ScopeData"}}
    return flat


def device_properties(frame: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return Micro-Manager's own keys, and the properties of each device by its label.

    A key is ``<label>-<property>``, and both may have hyphens: labels are known from the roles that Core gives them and
    from properties that any device has; the longest counts.
    """
    labels = {v for k, v in frame.items() if k.startswith("Core-") and isinstance(v, str) and v}
    camera = frame.get("Camera")
    if isinstance(camera, str) and camera:
        labels.add(camera)
    for key in frame:
        for end in _COMMON:
            if key.endswith(end) and len(key) > len(end):
                labels.add(key[: -len(end)])
    known = sorted(labels, key=len, reverse=True)
    plain: dict[str, Any] = {}
    devices: dict[str, dict[str, Any]] = {}
    for key, value in frame.items():
        if "-" not in key or key in _OWN or isinstance(value, dict | list):
            plain[key] = value
            continue
        label = next((n for n in known if key.startswith(f"{n}-")), key.partition("-")[0])
        if label:
            devices.setdefault(label, {})[key[len(label) + 1 :]] = value
    return plain, devices
