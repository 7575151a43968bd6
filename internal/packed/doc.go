// Package packed writes maps of strings as bytes and reads them again. A [Dict] is
// such a map in memory: sorted, never changed in place, so copies share it. A
// [Reader] reads what the append functions have written; what is malformed makes
// it bad and reads as zeros, so that callers check once, at the end.
package packed
