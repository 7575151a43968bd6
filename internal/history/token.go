package history

import (
	"encoding/binary"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
)

// Token is the position behind p in a history.
func Token(p point.Point, d page.Digest) string {
	b := binary.AppendVarint(nil, p.Timestamp)
	b = binary.AppendVarint(b, p.Step)
	return page.EncodeToken(d, binary.BigEndian.AppendUint64(b, math.Float64bits(p.Value)))
}

// ParseToken returns the point that a token continues behind; nil for the
// start.
func ParseToken(token string, d page.Digest) (*point.Point, error) {
	if token == "" {
		return nil, nil //nolint:nilnil // no token: from the start
	}
	b, err := page.DecodeToken(token, d)
	if err != nil {
		return nil, err
	}
	r := packed.Reader{S: string(b)}
	p := point.Point{Timestamp: r.Varint(), Step: r.Varint()}
	bits := r.Take(8)
	if r.Bad || r.S != "" {
		return nil, failure.Invalidf("Invalid page token")
	}
	p.Value = math.Float64frombits(binary.BigEndian.Uint64([]byte(bits)))
	return &p, nil
}
