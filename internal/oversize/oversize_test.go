package oversize_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/oversize"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestText: a client is told which field is the largest, in its own words, and
// never a value.
func TestText(t *testing.T) {
	t.Parallel()
	const size = 5000
	large := strings.Repeat("Z", size)
	space := keys.Workspace("default")
	run := space.Run("r1")
	attr := func(name, value string) table.Attr { return table.Attr{Name: name, Value: table.String(value)} }
	for _, tc := range []struct {
		name string
		item table.Item
		want string
	}{
		{"attribute", table.NewItem(run, attr(keys.Name, "n"), attr(keys.User, large)), "user id of the run, 5000"},
		{"entry of a map", table.NewItem(run, table.Attr{Name: keys.Tags, Value: table.Map([]string{"a", "x", "b", large})}), "tag 'b' of the run, 5000"},
		{"key of an entry", table.NewItem(run, table.Attr{Name: keys.Params, Value: table.Map([]string{"a", "x", large, "v"})}), "key of a param of the run, 5000"},
		{"many entries", table.NewItem(run, table.Attr{Name: keys.Tags, Value: table.Map([]string{
			"a", large, "b", large, "c", large,
		})}), fmt.Sprintf("tags of the run, %d", table.Map([]string{"a", large, "b", large, "c", large}).Size())},
		{"denormalized tag", table.NewItem(run, attr(keys.TagAttr+"team", large)), "tag 'team' of the run, 5000"},
		{
			"item of its own",
			table.NewItem(space.RunOverflow("r1", keys.ParamPrefix, "p"), attr(keys.Key, "p"), attr(keys.Value, large)),
			"param 'p' of the run, 5000",
		},
		{"name of an experiment", table.NewItem(space.Experiment("1"), attr(keys.Name, large)), "name of the experiment, 5000"},
		{"what has no name", table.NewItem(run, attr("unknown", large)), "content of the run, 5000"},
		{"what users do not know", table.NewItem(table.Key{PK: "X", SK: "Y"}, attr(keys.Name, large)), "name, 5000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := oversize.Text(fmt.Errorf("put: %w", &table.SizeError{Item: tc.item}))
			require.Equal(t, "Too large: the "+tc.want+" bytes. An item of the table holds at most 409600 bytes.", got)
			require.NotContains(t, got, "ZZZZ")
		})
	}
}

// TestTextOfOthers: keys have a limit of their own; of other limits nothing is
// known.
func TestTextOfOthers(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Too long: an id in the request, of which a key of 3000 bytes would be made. A key of the table has at most 2048 bytes.",
		oversize.Text(&table.KeySizeError{Attr: "PK", Bytes: 3000, Max: 2048}))
	require.Equal(t, "The request exceeds a limit of the table.", oversize.Text(errors.New("other")))
}
