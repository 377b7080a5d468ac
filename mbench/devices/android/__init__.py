"""Android: facts, conditions and settings of a phone, read and changed through any transport."""
