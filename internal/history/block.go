package history

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// A block is points of one metric of a run as bytes:
//
//	byte    form: 1 or 2
//	rest    a column as in a record (record.go); form 2: compressed by zstd
//
// The smaller form is stored. Points are sorted by step, timestamp and value,
// and occur once. The bytes are stored in tables: a form must not change.
//
// The sort key of a block ends in a hash of the column and the expiry, so that
// rolling up the same records again writes the same blocks. The hash is of the
// column before compression: another version of the compressor makes the same
// keys.
const (
	blockPlain      = 1
	blockCompressed = 2
)

const (
	// maxBlockPoints bounds a block: 45 KB as a rule, 112 KB at most.
	maxBlockPoints = 4096
	// maxColumnBytes is the most that a column of a block takes.
	maxColumnBytes = maxBlockPoints*pointBytes + 8
	// anySpan is the class of blocks whose range of steps may be any.
	anySpan = 15
	// maxLevel is the level from which blocks are not merged any more.
	maxLevel = 15
)

var errBlock = errors.New("history block is malformed")

// encodeColumn packs the points of a block.
func encodeColumn(column string) (string, error) {
	enc, err := packed.ZstdWriter()
	if err != nil {
		return "", err
	}
	b := enc.EncodeAll([]byte(column), []byte{blockCompressed})
	if len(b) <= len(column) {
		return string(b), nil
	}
	return string(append([]byte{blockPlain}, column...)), nil
}

// appendBlock appends the points of a block to column.
func appendBlock(column []point.Point, block string) ([]point.Point, error) {
	r := packed.Reader{S: block}
	switch r.Byte() {
	case blockPlain:
		return point.ParseColumn(column, r.S)
	case blockCompressed:
		dec, err := blockReader()
		if err != nil {
			return nil, err
		}
		body, err := dec.DecodeAll([]byte(r.S), nil)
		if err != nil {
			return nil, errors.Join(errBlock, err)
		}
		return point.ParseColumn(column, string(body))
	}
	return nil, errBlock
}

// blockReader is made at first use.
//
//nolint:gochecknoglobals // immutable once made; DecodeAll is safe for concurrent use
var blockReader = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxColumnBytes))
})

// blockItems returns blocks of a level that hold the points of a metric, which
// it sorts; points that come twice are stored once.
func (s *Store) blockItems(run, key string, level int, points []point.Point, expiry int64) ([]table.Item, error) {
	slices.SortFunc(points, point.ByStep)
	points = slices.CompactFunc(points, func(a, b point.Point) bool { return point.ByStep(a, b) == 0 })
	items := make([]table.Item, 0, 1+len(points)/maxBlockPoints)
	for part := range slices.Chunk(points, maxBlockPoints) {
		it, err := s.blockItem(run, key, level, part, expiry)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

func (s *Store) blockItem(run, key string, level int, points []point.Point, expiry int64) (table.Item, error) {
	column := string(point.AppendColumn(nil, points))
	block, err := encodeColumn(column)
	if err != nil {
		return table.Item{}, err
	}
	first, last := points[0].Step, points[len(points)-1].Step
	from, to := points[0].Timestamp, points[0].Timestamp
	for _, p := range points {
		from, to = min(from, p.Timestamp), max(to, p.Timestamp)
	}
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Points, Value: table.Bytes(block)},
		{Name: keys.LastStep, Value: table.Number(last)},
		{Name: keys.MinTime, Value: table.Number(from)},
		{Name: keys.MaxTime, Value: table.Number(to)},
	}
	id := keys.BlockID{
		Level: level, Span: spanClass(first, last), First: first,
		Hash: keys.Hash(strconv.FormatInt(expiry, 10), column)[:16],
	}
	if keys.Hashed(key) {
		attrs = append(attrs, table.Attr{Name: keys.Key, Value: table.String(key)})
	}
	return table.NewItem(s.Keys.Block(run, key, id), document.AppendExpiry(attrs, expiry)...), nil
}

// spanClass is the smallest n for which last-first < 16^n; [anySpan] if that
// is 15 or 16.
func spanClass(first, last int64) int {
	width := uint64(last - first) //nolint:gosec // what overflows as a signed number is right as an unsigned one
	return min((bits.Len64(width)+3)/4, anySpan)
}

// earliestFirst is the least first step of a block of a span class that may
// hold the step from.
func earliestFirst(class int, from int64) int64 {
	reach := int64(1)<<(4*class) - 1
	if class >= anySpan || from < math.MinInt64+reach {
		return math.MinInt64
	}
	return from - reach
}

// latestExpiry is that of the one which lives longer; 0: for ever.
func latestExpiry(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}
