package dynamo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// errForeign says that an item holds what the store never writes.
var errForeign = errors.New("attribute of an unknown type")

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func encodeKey(k table.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{table.PKAttr: str(k.PK), table.SKAttr: str(k.SK)}
}

func encodeItem(it table.Item) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(it.Attrs)+2)
	m[table.PKAttr], m[table.SKAttr] = str(it.Key.PK), str(it.Key.SK)
	for _, a := range it.Attrs {
		m[a.Name] = encodeValue(a.Value)
	}
	return m
}

// encodeValue encodes a value that the checks have let through.
func encodeValue(v table.Value) types.AttributeValue {
	switch v.Kind() {
	case table.KindString:
		return str(v.Str())
	case table.KindNumber:
		return number(v.Num())
	case table.KindBytes:
		return &types.AttributeValueMemberB{Value: []byte(v.Str())}
	case table.KindList:
		l := make([]types.AttributeValue, len(v.Strings()))
		for i, s := range v.Strings() {
			l[i] = str(s)
		}
		return &types.AttributeValueMemberL{Value: l}
	case table.KindMap:
		kv := v.Strings()
		m := make(map[string]types.AttributeValue, len(kv)/2)
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = str(kv[i+1])
		}
		return &types.AttributeValueMemberM{Value: m}
	case table.Invalid:
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func decodeItem(m map[string]types.AttributeValue) (table.Item, error) {
	var it table.Item
	it.Attrs = make([]table.Attr, 0, len(m))
	for name, av := range m {
		v, err := decodeValue(av)
		if err != nil {
			return table.Item{}, fmt.Errorf("attribute %q: %w", name, err)
		}
		switch name {
		case table.PKAttr:
			it.Key.PK = v.Str()
		case table.SKAttr:
			it.Key.SK = v.Str()
		default:
			it.Attrs = append(it.Attrs, table.Attr{Name: name, Value: v})
		}
	}
	slices.SortFunc(it.Attrs, func(a, b table.Attr) int { return cmp.Compare(a.Name, b.Name) })
	return it, nil
}

func decodeValue(av types.AttributeValue) (table.Value, error) {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return table.String(v.Value), nil
	case *types.AttributeValueMemberN:
		n, err := strconv.ParseInt(v.Value, 10, 64)
		if err != nil {
			return table.Value{}, fmt.Errorf("number: %w", err)
		}
		return table.Number(n), nil
	case *types.AttributeValueMemberB:
		return table.Bytes(string(v.Value)), nil
	case *types.AttributeValueMemberL:
		return decodeList(v.Value)
	case *types.AttributeValueMemberM:
		return decodeMap(v.Value)
	}
	return table.Value{}, fmt.Errorf("%w: %T", errForeign, av)
}

func decodeList(l []types.AttributeValue) (table.Value, error) {
	var out []string
	if len(l) > 0 {
		out = make([]string, len(l))
	}
	for i, e := range l {
		s, ok := e.(*types.AttributeValueMemberS)
		if !ok {
			return table.Value{}, fmt.Errorf("%w: %T in a list", errForeign, e)
		}
		out[i] = s.Value
	}
	return table.List(out), nil
}

func decodeMap(m map[string]types.AttributeValue) (table.Value, error) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	var kv []string
	if len(m) > 0 {
		kv = make([]string, 0, 2*len(m))
	}
	for _, name := range names {
		s, ok := m[name].(*types.AttributeValueMemberS)
		if !ok {
			return table.Value{}, fmt.Errorf("%w: %T in a map", errForeign, m[name])
		}
		kv = append(kv, name, s.Value)
	}
	return table.Map(kv), nil
}
