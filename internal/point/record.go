package point

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Metric returns the point as one of the metric of that key.
func (p Point) Metric(key string) mlflow.Metric {
	return mlflow.Metric{Key: key, Value: p.Value, Timestamp: p.Timestamp, Step: p.Step}
}

// A record is the points of one batch as bytes, all keys together:
//
//	byte    format, 1
//	column for each key, sorted by key:
//	  string  key
//	  string  body:
//	    uvarint number of points
//	    steps       varint, each less the one before
//	    timestamps  varint, each less the one before
//	    values      8 bytes each, little endian; NaN as its usual bits
//
// Strings are a uvarint length and bytes. Points of a column are sorted by
// step, timestamp and value, and occur once: the same points always make the
// same bytes, so a batch that is logged again overwrites its own record. The
// bytes are stored in tables: the format must not change under its number.
const recordFormat = 1

var errRecord = errors.New("history record is malformed")

// Point is one point of one metric.
type Point struct {
	Step, Timestamp int64
	Value           float64
}

// rank orders values as MLflow's database does: NaN as 0.
func (p Point) rank() float64 {
	if math.IsNaN(p.Value) {
		return 0
	}
	return p.Value
}

func (p Point) nan() int {
	if math.IsNaN(p.Value) {
		return 1
	}
	return 0
}

// ByStep is the order of samples: step, timestamp, value, NaN last.
func ByStep(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp),
		cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.nan(), b.nan()))
}

// ByTime is the order of histories: timestamp, step, value, NaN last.
func ByTime(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step),
		cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.nan(), b.nan()))
}

// EncodeRecord packs points, and returns the first step too.
func EncodeRecord(points []mlflow.Metric) (record string, first int64) {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b mlflow.Metric) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return ByStep(Of(&a), Of(&b))
	})
	first = sorted[0].Step
	b := append(make([]byte, 0, 64+24*len(sorted)), recordFormat)
	var column []Point
	var body []byte
	for len(sorted) > 0 {
		key := sorted[0].Key
		column = column[:0]
		for len(sorted) > 0 && sorted[0].Key == key {
			if p := Of(&sorted[0]); len(column) == 0 || ByStep(column[len(column)-1], p) != 0 {
				column = append(column, p)
			}
			sorted = sorted[1:]
		}
		first = min(first, column[0].Step)
		body = AppendColumn(body[:0], column)
		b = packed.AppendString(b, key)
		b = append(binary.AppendUvarint(b, uint64(len(body))), body...)
	}
	return string(b), first
}

// Of returns what a metric's point is but for its key.
func Of(m *mlflow.Metric) Point { return Point{m.Step, m.Timestamp, m.Value} }

// AppendColumn appends the points of one metric.
func AppendColumn(b []byte, column []Point) []byte {
	b = binary.AppendUvarint(b, uint64(len(column)))
	var last int64
	for _, p := range column {
		b = binary.AppendVarint(b, p.Step-last)
		last = p.Step
	}
	last = 0
	for _, p := range column {
		b = binary.AppendVarint(b, p.Timestamp-last)
		last = p.Timestamp
	}
	for _, p := range column {
		bits := math.Float64bits(p.Value)
		if math.IsNaN(p.Value) {
			bits = math.Float64bits(math.NaN())
		}
		b = binary.LittleEndian.AppendUint64(b, bits)
	}
	return b
}

// AppendPoints appends the points of one key in a record to column.
func AppendPoints(column []Point, record, key string) ([]Point, error) {
	err := EachColumn(record, func(k, body string) (bool, error) {
		if k != key {
			return k < key, nil
		}
		var err error
		column, err = ParseColumn(column, body)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return column, nil
}

// EachColumn calls visit with the columns of a record, sorted by key, as long
// as it returns true.
func EachColumn(record string, visit func(key, body string) (bool, error)) error {
	r := packed.Reader{S: record}
	if r.Byte() != recordFormat {
		return errRecord
	}
	for r.S != "" {
		key, body := r.Str(), r.Str()
		if r.Bad {
			return errRecord
		}
		if more, err := visit(key, body); err != nil || !more {
			return err
		}
	}
	return nil
}

// ParseColumn appends the points of one metric that AppendColumn has written.
func ParseColumn(column []Point, body string) ([]Point, error) {
	r := packed.Reader{S: body}
	n := r.Uvarint()
	if n > uint64(len(body))/10 { // a point takes 10 bytes at least
		return nil, errRecord
	}
	at := len(column)
	column = slices.Grow(column, int(n))[:at+int(n)]
	added := column[at:]
	var last int64
	for i := range added {
		last += r.Varint()
		added[i].Step = last
	}
	last = 0
	for i := range added {
		last += r.Varint()
		added[i].Timestamp = last
	}
	values := r.Take(8 * n)
	if r.Bad || r.S != "" {
		return nil, errRecord
	}
	for i := range added {
		added[i].Value = math.Float64frombits(le64(values[8*i:]))
	}
	return column, nil
}

func le64(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// RecordHash identifies a record's content within its run.
func RecordHash(record string) string { return keys.Hash(record)[:16] }
