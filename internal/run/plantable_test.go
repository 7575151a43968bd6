package run

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPlans says which index rows serve which clauses and orders.
func TestPlans(t *testing.T) {
	t.Parallel()
	all := planIndexes{
		hasBasics: true, hasDatasets: true, tags: []string{"mlflow.runName", "mlflow.note.content", "team"},
		fields: []string{"run_name", "description", "params.model"},
	}
	const nothing = ""
	for _, c := range []struct{ where, order, want string }{
		{"", "", nothing},
		{"metrics.m = 1", "", `IX#m#m="0bff0000000000000"`},
		{"metrics.m = -0.0", "", `IX#m#m="08000000000000000"`},
		{"metrics.m > 1", "", `IX#m#m "0bff0000000000000#\x7f".."1"`},
		{"metrics.m >= 1", "", `IX#m#m "0bff0000000000000#".."1"`},
		{"metrics.m < 1", "", `IX#m#m "0".."0bff0000000000000#"`},
		{"metrics.m <= 1", "", `IX#m#m "0".."0bff0000000000000#\x7f"`},
		{"metrics.m != 1", "", `IX#m#m "0".."\U0010ffff"`},
		{"params.p = 'a'", "", `IX#p#p="a\x00"`},
		{"params.p != 'a'", "", nothing},
		{"params.p IS NULL", "", nothing},
		{"params.p IS NOT NULL", "", `IX#p#p "\x00".."` + strings.Repeat(`\U0010ffff`, 65) + `"`},
		{"params.p LIKE '\U0010ffff%'", "", `IX#p#p "\U0010ffff".."` + strings.Repeat(`\U0010ffff`, 65) + `"`},
		{"params.p LIKE 'ab%'", "", `IX#p#p "ab".."ac"`},
		{"params.p LIKE 'a_b'", "", `IX#p#p "a".."b"`},
		{"params.p LIKE '%ab%'", "", nothing},
		{"params.p ILIKE 'abc%'", "", nothing},
		{"params.model ILIKE '%ResNet%'", "", `TRI#params.model="esn" & TRI#params.model="net" & TRI#params.model="res" & TRI#params.model="sne"`},
		{"params.model LIKE '%re_sne%'", "", `TRI#params.model="sne"`},
		{"params.model LIKE 're%'", "", `IX#p#model "re".."rf"`},
		{"tags.team = 'a'", "", `IX#t#team="a\x00"`},
		{"tags.other = 'a'", "", nothing},
		{"tags.other LIKE 'abc%'", "", nothing},
		{"attributes.run_name = 'a'", "", `IX#t#mlflow.runName="a\x00"`},
		{"attributes.run_name LIKE '%abc%'", "", `TRI#run_name="abc"`},
		{"tags.`mlflow.runName` ILIKE '%abc'", "", `TRI#run_name="abc"`},
		{"tags.`mlflow.note.content` LIKE '%note%'", "", `TRI#description="not" & TRI#description="ote"`},
		{"attributes.status = 'FAILED'", "", nothing},
		{"attributes.run_id = 'r1'", "", "ids [r1]"},
		{"attributes.run_id IN ('r1', 'r2') AND attributes.run_id = 'r2'", "", "ids [r2]"},
		{"attributes.run_id = 'r1' AND attributes.run_id = 'r2'", "", "ids []"},
		{"metrics.m = 1 AND params.p = 'a' AND tags.other = 'x'", "", `IX#m#m="0bff0000000000000"; IX#p#p="a\x00"`},
		{"datasets.name = 'd'", "", `IX#d#name="d\x00"`},
		{"datasets.digest IN ('d', 'e', 'd')", "", `(IX#d#digest="d\x00" | IX#d#digest="e\x00")`},
		{"datasets.digest IN ('d')", "", `IX#d#digest="d\x00"`},
		{"datasets.name IN ('" + strings.Join(consecutiveTexts(17), "', '") + "')", "", nothing},
		{"datasets.context LIKE 'tr%'", "", `IX#d#context "tr".."ts"`},
		{"datasets.context LIKE '%train%'", "", nothing},
		{"datasets.context ILIKE 'tr%'", "", nothing},
		{"datasets.name != 'd'", "", nothing},
		{"datasets.name NOT IN ('d')", "", nothing},
		{"", "metrics.m DESC", "by IX#m#m desc=true simple=true"},
		{"", "params.p ASC", "by IX#p#p desc=false simple=true"},
		{"", "tags.team", "by IX#t#team desc=false simple=true"},
		{"", "tags.other", nothing},
		{"", "attributes.run_name", "by IX#a#run_name desc=false simple=true"},
		{"", "attributes.end_time", nothing},
		{"", "attributes.status", nothing},
	} {
		var order []string
		if c.order != "" {
			order = []string{c.order}
		}
		got, err := describe(all, c.where, order)
		require.NoError(t, err, c.where)
		require.Equal(t, c.want, got, "%s by %s", c.where, c.order)
		got, err = describe(planIndexes{}, c.where, order)
		require.NoError(t, err, c.where)
		if got != "" {
			require.Contains(t, got, "ids", "nothing is complete: %s by %s", c.where, c.order)
		}
	}
	got, err := describe(all, "", []string{"metrics.m DESC", "params.p"})
	require.NoError(t, err)
	require.Equal(t, "by IX#m#m desc=true simple=false", got)
}

// consecutiveTexts returns n different texts.
func consecutiveTexts(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint(i)
	}
	return texts
}
