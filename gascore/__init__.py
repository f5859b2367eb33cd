"""Words that several services speak. Pure: the standard library and msgspec only, no I/O."""
