"""Writers: the NBO block into an OME-TIFF or OME-Zarr and out again, or beside the image as a sidecar.

`tiff` and `ngff` embed and restore, `omexml` splices OME-XML, `sidecar` writes a file of its own; `block` holds what
they take and give. All are pure calls on paths; nothing is imported here.
"""
