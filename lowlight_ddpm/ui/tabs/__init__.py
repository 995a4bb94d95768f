"""One file a tab: layout, and which callback answers which component."""
