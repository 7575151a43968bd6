package point

import (
	"encoding/binary"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// RegisterSize is the bytes of a register: step, timestamp, value, and a flag
// in the last bit that tells NaN from 0.
const RegisterSize = 24

// A Register holds the latest point of one metric as bytes whose order is
// the order in which MLflow picks the latest point: step, timestamp, value
// (NaN as 0). So "is the new point later" is one byte comparison, which the
// table makes under the same condition as the write.
// Source: MLflow 3.17, sqlalchemy_store.py, _update_latest_metrics_if_necessary.
//
//	byte  0..8   step, big endian, sign bit flipped
//	byte  8..16  timestamp, likewise
//	byte 16..24  value, see sortableFloat
//
// Zeros are stored as +0; the image of -0, right below, stands for NaN. MLflow
// keeps whichever of 0 and NaN came first at the same step and timestamp; a
// register that forgets the order of arrival keeps 0.
type Register = string

// NewRegister packs the point.
func NewRegister(m *mlflow.Metric) Register {
	var b [RegisterSize]byte
	binary.BigEndian.PutUint64(b[0:], uint64(m.Step)^1<<63)
	binary.BigEndian.PutUint64(b[8:], uint64(m.Timestamp)^1<<63)
	binary.BigEndian.PutUint64(b[16:], sortableFloat(m.Value))
	return string(b[:])
}

// RegisterMetric unpacks a register. ok is false if r is malformed.
func RegisterMetric(key string, r Register) (m mlflow.Metric, ok bool) {
	if len(r) != RegisterSize {
		return mlflow.Metric{}, false
	}
	b := []byte(r)
	return mlflow.Metric{
		Key:       key,
		Step:      int64(binary.BigEndian.Uint64(b[0:]) ^ 1<<63),
		Timestamp: int64(binary.BigEndian.Uint64(b[8:]) ^ 1<<63),
		Value:     floatOf(binary.BigEndian.Uint64(b[16:])),
	}, true
}

const (
	zeroImage = uint64(1) << 63
	nanImage  = zeroImage - 1
)

// sortableFloat maps v to an integer of the same order; NaN comes right
// before 0, and -0 is 0.
func sortableFloat(v float64) uint64 {
	switch {
	case math.IsNaN(v):
		return nanImage
	case v == 0:
		return zeroImage
	}
	u := math.Float64bits(v)
	if u>>63 == 1 {
		return ^u
	}
	return u | 1<<63
}

// floatOf is the inverse of sortableFloat.
func floatOf(u uint64) float64 {
	switch {
	case u == nanImage:
		return math.NaN()
	case u>>63 == 1:
		return math.Float64frombits(u &^ (1 << 63))
	default:
		return math.Float64frombits(^u)
	}
}
