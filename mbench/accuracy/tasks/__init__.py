"""Tasks: what counts as right for classes, attributes, faces, places and boxes, with intervals."""
