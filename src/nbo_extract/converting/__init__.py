"""Images of any readable format to OME-TIFF and OME-Zarr, with all that is known of them."""
