package pebbletable

import (
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sizes that keep an idle process small. Pebble's memory is about two memtables
// and the cache, which grows with what is read.
const (
	cacheBytes    = 64 << 20
	memTableBytes = 8 << 20
	maxOpenFiles  = 200
	bloomBits     = 10 // a miss reads no block in 99 of 100 tables
)

// formatMajorVersion of the stored files. Named, so that an update of Pebble
// does not change them unnoticed.
const formatMajorVersion = pebble.FormatTableFormatV6

// DefaultSweepInterval is how often expired items are removed.
const DefaultSweepInterval = time.Minute

// Options of a table. The zero value is usable.
type Options struct {
	// Clock tells the time that items expire by. Default: time.Now.
	Clock func() time.Time
	// Logger gets Pebble's messages: chatter at debug level, background errors
	// as warnings. Default: none.
	Logger *slog.Logger
	// SweepInterval is how often expired items are removed; they are absent
	// from the moment they expire all the same. Default:
	// [DefaultSweepInterval]; negative: never, except by [Table.Sweep].
	SweepInterval time.Duration
	// CacheBytes is the size of the block cache. Default: 64 MB.
	CacheBytes int64

	memTableBytes uint64 // for tests
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.SweepInterval == 0 {
		o.SweepInterval = DefaultSweepInterval
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = cacheBytes
	}
	if o.memTableBytes == 0 {
		o.memTableBytes = memTableBytes
	}
	return o
}

func (o Options) pebble(fs vfs.FS, lock *pebble.Lock, corrupted func(pebble.DataCorruptionInfo)) *pebble.Options {
	po := &pebble.Options{
		FS:                          fs,
		Lock:                        lock,
		Logger:                      logger{log: o.Logger},
		EventListener:               &pebble.EventListener{DataCorruption: corrupted},
		FormatMajorVersion:          formatMajorVersion,
		CacheSize:                   o.CacheBytes,
		MemTableSize:                o.memTableBytes,
		MemTableStopWritesThreshold: 3,
		MaxOpenFiles:                maxOpenFiles,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 1 },
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return po
}
