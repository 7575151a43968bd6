package wire

import (
	"math"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// The encoders write what MLflow's server writes, to the byte: json.dumps with
// an indent of two, ASCII only. A depth is the number of levels that enclose
// what is appended.

const padding = "\n                                "

// Newline appends a line feed and the indent of a depth.
func Newline(b []byte, depth int) []byte { return append(b, padding[:1+2*depth]...) }

// AppendKey appends the name of a member at a depth. The first member of an
// object has no comma before it.
func AppendKey(b []byte, depth int, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = Newline(b, depth)
	b = append(b, '"')
	b = append(b, key...)
	return append(b, `": `...)
}

// AppendItem starts an element of an array.
func AppendItem(b []byte, depth int) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return Newline(b, depth)
}

// CloseObject ends an object; an empty one stays on its line.
func CloseObject(b []byte, depth int) []byte {
	if b[len(b)-1] != '{' {
		b = Newline(b, depth)
	}
	return append(b, '}')
}

// CloseArray ends an array, which never is empty.
func CloseArray(b []byte, depth int) []byte {
	return append(Newline(b, depth), ']')
}

// AppendOne appends an object that has one member.
func AppendOne[T any](b []byte, key string, x T, one func(b []byte, x T, depth int) []byte) []byte {
	return CloseObject(one(AppendKey(append(b, '{'), 1, key), x, 1), 0)
}

// AppendList appends a member that is an array, or nothing if there is nothing
// in it.
func AppendList[T any](b []byte, depth int, key string, list []T, one func(b []byte, x T, depth int) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(AppendKey(b, depth, key), '[')
	for _, x := range list {
		b = one(AppendItem(b, depth+1), x, depth+1)
	}
	return CloseArray(b, depth)
}

// AppendStringField appends a member that is a string.
func AppendStringField(b []byte, depth int, key, value string) []byte {
	return pyrepr.AppendJSON(AppendKey(b, depth, key), value)
}

// AppendIntField appends a member that is an integer.
func AppendIntField(b []byte, depth int, key string, value int64) []byte {
	return strconv.AppendInt(AppendKey(b, depth, key), value, 10)
}

// AppendDouble appends a double as protobuf has it in JSON.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.Abs(f) <= math.MaxFloat64:
		return pyrepr.AppendFloat(b, f)
	case f > 0:
		return append(b, `"Infinity"`...)
	case f < 0:
		return append(b, `"-Infinity"`...)
	default:
		return append(b, `"NaN"`...)
	}
}
