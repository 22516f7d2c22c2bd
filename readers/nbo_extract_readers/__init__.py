"""Reader adapters of nbo-extract: one module a format, vendor bytes in, `RawRecord` out."""
