"""Mapping tables, word tables and the NBO model of nbo-extract, as data."""
