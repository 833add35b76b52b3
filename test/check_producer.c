/* Being written by the unit tests' author. */
