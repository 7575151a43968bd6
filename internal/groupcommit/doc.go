// Package groupcommit has writers of one item wait for each other: while one write
// is under way, further changes gather and are written together next. A writer that
// is alone never waits.
package groupcommit
