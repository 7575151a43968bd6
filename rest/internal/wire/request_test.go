package wire_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// order is a request that has a field of each type.
type order struct {
	ID, OldID  string
	Note       *string
	Labels     []string
	Gift       bool
	Unsorted   bool
	Weight     float64
	Count      int
	Until      *int64
	Most       int
	Color      color
	Items      []item
	Address    address
	hasAddress bool
}

type color string

type item struct {
	Name   string
	Amount int64
	Parts  []item
}

type address struct{ City, StreetName string }

func colors() []wire.Choice[color] {
	return []wire.Choice[color]{{Name: "RED", Number: 1, Value: "red"}, {Name: "BLUE", Number: 2, Value: "blue"}}
}

func itemFields(i *item) []wire.Field {
	return []wire.Field{
		wire.Text("item_name", &i.Name),
		wire.Int64("amount", &i.Amount),
		wire.Objects("parts", &i.Parts, func(p *item) []wire.Field { return []wire.Field{wire.Text("item_name", &p.Name)} }),
	}
}

func orderFields(q *order) []wire.Field {
	return []wire.Field{
		wire.Text("run_id", &q.ID).Required().IsText(),
		wire.Text("run_uuid", &q.OldID),
		wire.OptionalText("note", &q.Note).IsText(),
		wire.Texts("labels", &q.Labels).IsList().HasTexts().AtMost(2, func(n int) string { return "Too many: " + strings.Repeat("I", n) + "." }),
		wire.Flag("gift", &q.Gift).IsFlag(),
		wire.Inverse("sorted", &q.Unsorted),
		wire.Double("weight", &q.Weight).IsNumber(),
		wire.Int32("count", &q.Count).IsInt().Between(1, 9, ""),
		wire.OptionalInt64("until_ms", &q.Until).IsInt(),
		wire.Size64("max_results", &q.Most),
		wire.Enum("color", &q.Color, colors()).IsText(),
		wire.Objects("items", &q.Items, itemFields).IsList().EachHas("item_name"),
		wire.Object("address", &q.Address, func(a *address) []wire.Field {
			return []wire.Field{wire.Text("city", &a.City), wire.Text("street_name", &a.StreetName)}
		}).Given(&q.hasAddress),
	}
}

const wholeOrder = `{"run_id":"r","run_uuid":"o","note":"","gift":true,"sorted":false,"weight":"-Infinity","count":3,"until_ms":"-5",` +
	`"max_results":0,"color":"BLUE","address":{"city":"c\u00e9","street_name":"s","zip":[1]}}`

func TestQuick(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields)
	want := &order{
		ID: "r", OldID: "o", Note: new(""), Gift: true, Unsorted: true, Weight: math.Inf(-1), Count: 3, Until: new(int64(-5)),
		Most: wire.Zero, Color: "blue", Address: address{City: "cé", StreetName: "s"}, hasAddress: true,
	}
	require.Equal(t, want, p.Quick([]byte(wholeOrder)))
	got, err := p.Exact([]byte(wholeOrder))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestDeclined: the quick way leaves alone what needs a closer look.
func TestDeclined(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields)
	for _, body := range []string{
		``, `[]`, `{}`, `{"run_id":""}`, `{"run_id":null}`, `{"runId":"r"}`, `{"run_id":"r","x":1,}`, `{"run_id":"r"}x`, `{"run_id":"r","count":0}`,
		`{"run_id":"r","count":10}`, `{"run_id":"r","count":1.0}`, `{"run_id":"r","labels":["a"]}`, `{"run_id":"r","items":[]}`,
		`{"run_id":"r","color":"GREEN"}`, `{"run_id":"r","color":3}`, `{"run_id":"r","weight":"inf"}`, `{"run_id":"r","x":NaN}`,
		`{"run_id":"r","address":{"streetName":"s"}}`, `{"run_id":"r","address":[]}`, `{"run_id":"r","Unknown":1}`, `{"run_id":"\ud800"}`,
		"{\"run_id\":\"\xff\"}", `"{\"run_id\":\"r\"}"`,
	} {
		require.Nil(t, p.Quick([]byte(body)), body)
	}
}

// TestExact: what protobuf and Python read is read.
func TestExact(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields)
	for body, want := range map[string]order{
		`{"run_id":"r","untilMs":1e3,"maxResults":"7"}`:                   {ID: "r", Until: new(int64(1000)), Most: 7},
		`"{\"run_id\":\"r\"}"`:                                            {ID: "r"},
		"\ufeff" + `{"run_id":"r","x":NaN,"weight":" 1.5"}`:               {ID: "r", Weight: 1.5},
		`{"run_id":"a","run_id":"b","color":"GREEN","note":null}`:         {ID: "b"},
		`{"run_id":"r","color":1.0,"count":"9","labels":[],"items":null}`: {ID: "r", Color: "red", Count: 9},
		`{"run_uuid":"o","run_id":null,"address":null}`:                   {OldID: "o"},
		`{"run_id":"r","address":{"streetName":"s"},"labels":["a","b"]}`:  {ID: "r", Address: address{StreetName: "s"}, hasAddress: true, Labels: []string{"a", "b"}},
		`{"run_id":"r","items":[{"item_name":"i","amount":"2","parts":[]},` +
			`{"item_name":"j","parts":[{"itemName":"k"},{}]}]}`: {
			ID: "r", Items: []item{{Name: "i", Amount: 2}, {Name: "j", Parts: []item{{Name: "k"}, {}}}},
		},
	} {
		got, err := p.ReadBody([]byte(body))
		require.NoError(t, err, body)
		require.Equal(t, &want, got, body)
	}
}

// TestRefused: what spells a field twice is refused first, then what fails a
// check, then what protobuf refuses.
func TestRefused(t *testing.T) {
	t.Parallel()
	hint := func(value, param, kind string) string {
		return "Invalid value " + value + " for parameter '" + param + "' supplied:  Hint: Value was of type '" + kind + "'." + wire.SeeDocs
	}
	p := wire.Declare(orderFields)
	for body, want := range map[string]string{
		`{}`:                    wire.Missing("run_id"),
		`nope`:                  wire.Missing("run_id"),
		`[1]`:                   "Bad Request. The body must be a JSON object.",
		`{"run_id":5,"note":6}`: hint("5", "run_id", "int"),
		`{"run_id":"r","labels":["a",{"z":1,"a":2}]}`:                           hint(`["a",{"a":2,"z":1}]`, "labels", "list"),
		`{"run_id":"r","labels":["a","b","c"]}`:                                 "Too many: III." + wire.SeeDocs,
		`{"run_id":"r","count":0}`:                                              hint("0", "count", "int"),
		`{"run_id":"r","color":3}`:                                              hint("3", "color", "int"),
		`{"run_id":"r","sorted":"no"}`:                                          hint(`"no"`, "sorted", "str"),
		`{"run_id":"r","max_results":1.5}`:                                      hint("1.5", "max_results", "float"),
		`{"run_id":"r","items":[{"item_name":"i"},{}]}`:                         wire.Missing("items[1].item_name"),
		`{"run_id":"r","items":[{"item_name":"i","parts":[{},null]}]}`:          hint("null", "items[0].parts[1]", "NoneType"),
		`{"run_id":"r","items":[{"item_name":"i","parts":[{"item_name":[]}]}]}`: hint("[]", "items[0].parts[0].item_name", "list"),
		`{"run_id":"r","address":{"city":true}}`:                                hint("true", "address.city", "bool"),
		`{"run_id":"r","address":{"street_name":"s","streetName":"s"},"max_results":[]}`: "Request specifies both 'street_name' and " +
			"'streetName'; provide only one of them.",
		`{"until_ms":1,"untilMs":1}`:  "Request specifies both 'until_ms' and 'untilMs'; provide only one of them.",
		`{"run_id":"r","weight":NaN}`: hint("NaN", "weight", "float"),
	} {
		_, err := p.ReadBody([]byte(body))
		require.Equal(t, wire.Error(want), err, body)
	}
}

// TestOrderOfChecks is that of the handler where it is not that of the message.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	p := wire.Declare(func(q *address) []wire.Field {
		return []wire.Field{wire.Text("city", &q.City).Required(), wire.Text("street_name", &q.StreetName).Required()}
	})
	_, err := p.Exact([]byte(`{}`))
	require.Equal(t, wire.Error(wire.Missing("city")), err)
	_, err = p.CheckedIn("street_name", "city").Exact([]byte(`{}`))
	require.Equal(t, wire.Error(wire.Missing("street_name")), err)
	more := p.CheckedIn("street_name", "city").With(func(q *address) []wire.Field {
		return []wire.Field{wire.Text("zip", &q.City).IsText()}
	})
	_, err = more.Exact([]byte(`{"zip":1,"city":"c","street_name":"s"}`))
	require.ErrorContains(t, err, "for parameter 'zip'")
	for _, names := range [][]string{{"city"}, {"city", "street"}, {"city", "street_name", "zip"}} {
		require.Panics(t, func() { p.CheckedIn(names...) }, names)
	}
}

// TestOpenEnum: the request goes on without a number that is not known.
func TestOpenEnum(t *testing.T) {
	t.Parallel()
	p := wire.Declare(func(q *order) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.ID).IsText().Required(),
			wire.OpenEnum("color", &q.Color, colors()).IsInt().Required(),
		}
	})
	for body, want := range map[string]color{
		`{"run_id":"r","color":2}`: "blue", `{"run_id":"r","color":"RED"}`: "red", `{"color":9,"run_id":"r"}`: "", `{"run_id":"r","color":"9","X":1}`: "",
		`{"run_id":"r","color":"GREEN"}`: "",
	} {
		q, err := p.ReadBody([]byte(body))
		require.NoError(t, err, body)
		require.Equal(t, &order{ID: "r", Color: want}, q, body)
	}
	for body, want := range map[string]string{
		`{"run_id":"r","color":9.0}`: "Invalid value 9.0 for parameter 'color'", `{"color":1}`: wire.Missing("run_id"),
		`{"color":9}`: "Invalid value null for parameter 'run_id'",
	} {
		_, err := p.ReadBody([]byte(body))
		require.ErrorContains(t, err, want, body)
	}
}

func TestReadQuery(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields)
	q, err := p.ReadQuery("run_id=a%2Fb+c&run_id=d&labels=x&labels=y&gift=TRUE&sorted=false&count=9&until_ms=-1&color=2&weight=1e3&untilMs=7&z=%ff")
	require.NoError(t, err)
	require.Equal(t, &order{
		ID: "a/b c", Labels: []string{"x", "y"}, Gift: true, Unsorted: true, Count: 9, Until: new(int64(-1)), Color: "blue", Weight: 1000,
	}, q)
	for raw, want := range map[string]string{
		"":                      wire.Missing("run_id"),
		"run_id=r&gift=1":       "Invalid boolean value: 1, must be 'true' or 'false'.",
		"run_id=r&max_results=": "Invalid value \"\" for parameter 'max_results' supplied:  Hint: Value was of type 'str'." + wire.SeeDocs,
	} {
		_, err := p.ReadQuery(raw)
		require.Equal(t, wire.Error(want), err, raw)
	}
}

// TestScannedBy: what a scan by hand declines is read as it is declared.
func TestScannedBy(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields).ScannedBy(func(s *wire.Scanner, q *order) bool {
		for first := s.Enter('{'); s.Next(&first, '}'); {
			switch name := s.Name(); string(name) {
			case "run_id":
				q.ID = s.Key()
			case "labels":
				s.Decline()
			case "color":
				q.Color = wire.Chosen(s, colors())
			default:
				s.Unknown(name)
			}
		}
		return q.ID != ""
	})
	for body, quick := range map[string]bool{
		`{"run_id":"r","color":"RED"}`: true, `{"run_id":"r","color":1,"x":{"y":[null,true,-1.5e3]}}`: true,
		`{"color":1}`: false, `{"run_id":"r","labels":[]}`: false, `{"run_id":"r","color":"1"}`: false, `{"run_id":"r"`: false,
	} {
		require.Equal(t, quick, p.Quick([]byte(body)) != nil, body)
	}
	q, err := p.ReadBody([]byte(`{"run_id":"r","labels":["a"],"color":"2"}`))
	require.NoError(t, err)
	require.Equal(t, &order{ID: "r", Labels: []string{"a"}, Color: "blue"}, q)
}

// TestBounds: neither depth nor number of values is without end.
func TestBounds(t *testing.T) {
	t.Parallel()
	p := wire.Declare(orderFields)
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	_, err := p.ReadBody([]byte(`{"run_id":"r","x":` + deep + `}`))
	require.Equal(t, wire.Error(wire.Missing("run_id")), err)
	_, err = p.ReadBody([]byte(`{"run_id":"r","labels":[""` + strings.Repeat(`,""`, 1<<20) + `]}`))
	require.Equal(t, wire.Error("Bad Request. The body has too many values."), err)
}

// FuzzRead wants the two ways to agree about a request that has everything.
func FuzzRead(f *testing.F) {
	f.Add([]byte(wholeOrder), "run_id=r")
	f.Add([]byte(`{"run_id":"r","x":[1e5,{"a":null}],"color":2,"color":null,"address":{},"address":null}`), "labels=a&labels=%ff")
	f.Add([]byte(`{"run_id":"r","max_results":-0,"weight":-0,"count":01}`), "gift=1&%zz=+")
	p := wire.Declare(orderFields)
	f.Fuzz(func(t *testing.T, body []byte, raw string) {
		_, _ = p.ReadQuery(raw) // must not panic
		exact, err := p.Exact(body)
		quick := p.Quick(body)
		if quick == nil {
			return
		}
		require.NoError(t, err)
		if math.IsNaN(quick.Weight) && math.IsNaN(exact.Weight) {
			quick.Weight, exact.Weight = 0, 0
		}
		require.Equal(t, exact, quick)
	})
}
