"""The Materials and Methods paragraph on images, from what their Documents state."""
