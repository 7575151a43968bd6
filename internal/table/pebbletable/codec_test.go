package pebbletable

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func genValue() *rapid.Generator[table.Value] {
	return rapid.OneOf(
		rapid.Map(rapid.String(), table.String),
		rapid.Map(rapid.String(), table.Bytes),
		rapid.Map(rapid.Int64(), table.Number),
		rapid.Map(rapid.SliceOf(rapid.String()), table.List),
		rapid.Map(rapid.MapOf(rapid.String(), rapid.String()), func(m map[string]string) table.Value {
			var kv []string
			for k, v := range m {
				kv = append(kv, k+"\x00"+v)
			}
			slices.Sort(kv)
			var out []string
			for _, s := range kv {
				k, v, _ := strings.Cut(s, "\x00")
				out = append(out, k, v)
			}
			return table.Map(out)
		}),
	)
}

func genItem() *rapid.Generator[table.Item] {
	return rapid.Custom(func(t *rapid.T) table.Item {
		it := table.Item{Key: table.Key{PK: "p", SK: "s"}}
		for _, name := range rapid.SliceOf(rapid.String()).Draw(t, "names") {
			it.Set(name, genValue().Draw(t, "value"))
		}
		if rapid.Bool().Draw(t, "expires") {
			it.Set(table.TTLAttr, table.Number(rapid.Int64().Draw(t, "ttl")))
		}
		return it
	})
}

func TestCodecRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		it := genItem().Draw(t, "item")
		b := appendItem(nil, it, it.Size())
		h, err := readHeader(b)
		require.NoError(t, err)
		require.Equal(t, it.Size(), h.size)
		v, ok := it.Get(table.TTLAttr)
		require.Equal(t, ok && v.Kind() == table.KindNumber, h.hasTTL)
		if h.hasTTL {
			require.Equal(t, v.Num(), h.ttl)
		}
		got, err := decodeItem(it.Key, string(b))
		require.NoError(t, err)
		require.True(t, it.Equal(got), "want %v\ngot %v", it, got)
	})
}

// TestCodecGolden fails when stored items would not be read any more.
func TestCodecGolden(t *testing.T) {
	t.Parallel()
	it := table.NewItem(table.Key{PK: "p", SK: "s"},
		table.Attr{Name: "b", Value: table.Bytes("\x00\xff")},
		table.Attr{Name: "l", Value: table.List([]string{"x", ""})},
		table.Attr{Name: "m", Value: table.Map([]string{"k", "v"})},
		table.Attr{Name: "n", Value: table.Number(-300)},
		table.Attr{Name: "s", Value: table.String("text")},
		table.Attr{Name: table.TTLAttr, Value: table.Number(1700000000)},
	)
	const golden = "\x01\x01\x25\x80\xc4\x9f\xd5\x0c\x06\x04" +
		"\x01b\x03\x02\x00\xff" + "\x01l\x04\x02\x01x\x00" + "\x01m\x05\x02\x01k\x01v" + "\x01n\x02\xd7\x04" +
		"\x01s\x01\x04text" + "\x03ttl\x02\x80\xc4\x9f\xd5\x0c"
	require.Equal(t, golden, string(appendItem(nil, it, it.Size())))
	got, err := decodeItem(it.Key, golden)
	require.NoError(t, err)
	require.True(t, it.Equal(got))
}

func TestCodecRefuses(t *testing.T) {
	t.Parallel()
	it := table.NewItem(table.Key{PK: "p", SK: "s"}, table.Attr{Name: "l", Value: table.List([]string{"abc", "def"})})
	b := string(appendItem(nil, it, it.Size()))
	for i := range len(b) {
		_, err := decodeItem(it.Key, b[:i])
		require.ErrorIs(t, err, errCorrupt, i)
	}
	_, err := decodeItem(it.Key, b+"x")
	require.ErrorIs(t, err, errCorrupt)
	_, err = decodeItem(it.Key, "\x02"+b[1:])
	require.ErrorIs(t, err, table.ErrSchema)
}

func FuzzDecodeItem(f *testing.F) {
	it := table.NewItem(table.Key{PK: "p", SK: "s"},
		table.Attr{Name: "a", Value: table.String("x")}, table.Attr{Name: "l", Value: table.List([]string{"x", ""})},
		table.Attr{Name: "m", Value: table.Map([]string{"k", "v"})}, table.Attr{Name: table.TTLAttr, Value: table.Number(5)})
	f.Add(string(appendItem(nil, it, it.Size())))
	f.Add("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := decodeItem(it.Key, s)
		if err != nil {
			return
		}
		h, err := readHeader(s)
		require.NoError(t, err)
		require.Len(t, got.Attrs, h.attrs)
		again, err := decodeItem(it.Key, string(appendItem(nil, got, h.size)))
		require.NoError(t, err)
		require.True(t, got.Equal(again))
	})
}

func TestKeyOrder(t *testing.T) {
	t.Parallel()
	part := rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xfe, 0xff}), 1, 5).Draw(t, "part"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a := table.Key{PK: part.Draw(t, "apk"), SK: part.Draw(t, "ask")}
		b := table.Key{PK: part.Draw(t, "bpk"), SK: part.Draw(t, "bsk")}
		ka, kb := string(appendKey(nil, a)), string(appendKey(nil, b))
		require.Equal(t, a.Compare(b), strings.Compare(ka, kb), "%q %q", a, b)
		inside := strings.HasPrefix(kb, string(appendPartition(nil, a.PK)))
		require.Equal(t, a.PK == b.PK, inside, "%q %q", a, b)
	})
}

func TestExpiryKey(t *testing.T) {
	t.Parallel()
	ordered := []int64{math.MinInt64, -1, 0, 1, 1700000000, math.MaxInt64}
	var last string
	for _, unix := range ordered {
		k := appendExpiryKey(nil, unix, []byte("\x01target"))
		require.Greater(t, string(k), last)
		last = string(k)
		got, target, ok := splitExpiryKey(k)
		require.True(t, ok)
		require.Equal(t, unix, got)
		require.Equal(t, "\x01target", string(target))
	}
	_, _, ok := splitExpiryKey([]byte{expirySpace, 1})
	require.False(t, ok)
}
