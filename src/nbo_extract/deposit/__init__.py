"""Submissions to the BioImage Archive: what a folder of images needs before it is uploaded."""
