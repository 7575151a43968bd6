package keys_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGolden pins every key: what is stored must not change.
func TestGolden(t *testing.T) {
	t.Parallel()
	s := keys.Workspace("default")
	a := s.ACL("5f")
	long := strings.Repeat("é", 300)
	all := []table.Key{
		keys.DenormalizeTags(), keys.ExperimentDenormalizeTags("12"), keys.TTLPolicy(), keys.TrigramFields(),
		keys.Sequence(),
		s.Experiment("12"), s.ExperimentTag("12", "team"), s.ExperimentName("vision"), s.ExperimentName(long),
		s.ExperimentCreated(1700000000000, "12"), s.ExperimentUpdated(1700000000000, "12"),
		s.Run("r1"), s.RunMetrics("r1", 0), s.RunMetrics("r1", 7), s.RunMetrics("r1", 4096),
		s.RunOverflow("r1", keys.ParamPrefix, "lr"), s.RunOverflow("r1", keys.TagPrefix, long),
		s.RunOverflow("r1", keys.InputPrefix, "x"), s.RunOverflow("r1", keys.ModelPrefix, "m-1"),
		s.RunOverflow("r1", keys.OutputPrefix, "m-1"),
		s.Record("r1", -3, "cafe"),
		s.Block("r1", "loss", keys.BlockID{Level: 1, Span: 2, First: -3, Hash: "0123456789abcdef"}),
		s.Block("r1", long, keys.BlockID{Level: 15, Span: 15, First: 7, Hash: "0123456789abcdef"}),
		s.Dataset("12", "d", "1"), s.DatasetChunk("12", "d", "1", "beef", 2),
		s.RunRow("12", 1700000000000, "r1"), s.OpenRow("12", "r1", 3), s.SettledRow("12", 1700000000000, "r1", 3),
		s.DeletedRow("12", 0, "r1"),
		s.RegisteredModel("vision"), s.RegisteredModel(long), s.ModelPointer("a1"), s.ModelVersion("a1", 12),
		s.ModelOverflow("a1", keys.TagPrefix, "team"), s.ModelOverflow("a1", keys.AliasPrefix, "champion"),
		s.ModelOverflow("a1", keys.DescriptionPrefix, ""), s.VersionOverflow("a1", "b2", keys.TagPrefix, long),
		{PK: s.VersionIndexPK(keys.IndexVersionRun, "r1"), SK: keys.VersionIndexSK("a1", 12)},
		{PK: s.VersionIndexPK(keys.IndexVersionSource, "s3://b/x"), SK: keys.VersionIndexSK("a1", 12)},
		{PK: s.TrigramPK("model_name"), SK: keys.IndexSK("vis", keys.ModelPlace(1700000000000, "a1"))},
		s.DatasetUse("12", "d", "1", nil), s.DatasetUse("12", "d", "1", new("train")),
		s.LoggedModel("m-1"), s.LoggedModelOverflow("m-1", keys.ParamPrefix, long), s.LoggedModelPoints("m-1", "cafe"),
		s.LoggedModelRow("12", 1700000000000, "m-1"), s.LoggedModelOfRun("12", "r1", 1700000000000, "m-1"),
		s.DeletedLoggedModel("12", 1700000000000, "m-1"),
		{PK: s.IndexPK("12", keys.IndexMetric, "loss"), SK: keys.IndexSK(keys.Metric(0.5), keys.RunRowSK(1700000000000, "r1"))},
		{PK: s.IndexPK("12", keys.IndexDataset, "name"), SK: keys.IndexSK("iris", keys.RunRowSK(1700000000000, "r1"))},
		keys.WorkspaceDocument("team-a"),
		keys.Epoch(), keys.Bootstrap(), keys.UserSequence(), keys.RoleSequence(), keys.UserName("bob"), keys.UserName(long),
		keys.UserDocument(7), keys.UserToken(7, "cafe"), keys.UserCredentials(7), keys.UserRow(7), keys.Member(7, "team-a"),
		keys.RoleBlock(0), s.ACL("").Epoch(), a.Epoch(), a.RoleIDs(), a.Role(9), a.RoleName("readers"), a.RoleName(long),
		a.GoneRole(9), a.Assignment(9, 7), a.UserRoles(7), a.Grant(7, "experiment", "*"), a.Grant(7, "experiment", "12"),
		a.Grant(7, "scorer", long), a.GrantTo("experiment", "*", 7), a.GrantTo("scorer", long, 7),
	}
	var b strings.Builder
	for _, k := range all {
		fmt.Fprintf(&b, "%s\t%s\n", k.PK, k.SK)
	}
	const file = "testdata/keys.golden"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

func TestSortableKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		require.Equal(t, cmp.Compare(a, b), strings.Compare(keys.Asc(a), keys.Asc(b)))
		require.Equal(t, cmp.Compare(b, a), strings.Compare(keys.Desc(a), keys.Desc(b)))
		back, err := keys.ParseAsc(keys.Asc(a))
		require.NoError(t, err)
		require.Equal(t, a, back)
		back, err = keys.ParseDesc(keys.Desc(a))
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}

func TestRunRowRoundTrip(t *testing.T) {
	t.Parallel()
	for _, start := range []int64{math.MinInt64, -1, 0, 1, 1700000000000, math.MaxInt64} {
		got, run, err := keys.ParseRunRowSK(keys.RunRowSK(start, "abc"))
		require.NoError(t, err)
		require.Equal(t, start, got)
		require.Equal(t, "abc", run)
	}
	for _, sk := range []string{"", "abc", "#", "8000000000000000", "800000000000000G#x"} {
		_, _, err := keys.ParseRunRowSK(sk)
		require.Error(t, err, sk)
	}
}

// TestNoKeyIsTooLong draws parts as long as MLflow allows, and longer.
func TestNoKeyIsTooLong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringN(0, 2000, -1).Draw(t, "part")
		s := keys.Workspace("w")
		for _, k := range []table.Key{
			keys.UserName(part), s.ACL("f").RoleName(part), s.ACL("f").Grant(1, "scorer", part), s.ACL("f").GrantTo("scorer", part, 1),
			s.ExperimentName(part), s.ExperimentTag("1", part), s.RunOverflow("r", keys.TagPrefix, part),
			s.Block("r", part, keys.BlockID{Hash: "0123456789abcdef"}), s.Dataset("1", part, part), s.DatasetChunk("1", part, part, "c", 1),
		} {
			require.LessOrEqual(t, len(k.SK), table.MaxSortKeyBytes)
			require.LessOrEqual(t, len(k.PK), table.MaxPartitionKeyBytes)
		}
	})
}

// TestPartsDoNotCollide: a name never stands for another, hashed or not.
func TestPartsDoNotCollide(t *testing.T) {
	t.Parallel()
	s := keys.Workspace("w")
	long := strings.Repeat("x", 600)
	hashed := strings.TrimPrefix(s.ExperimentName(long).SK, "EXP#")
	require.NotEqual(t, s.ExperimentName(hashed), s.ExperimentName(long))
	require.NotEqual(t, keys.Hash("a", "bc"), keys.Hash("ab", "c"))
	require.NotEqual(t, keys.Workspace("a").Run("x").PK, keys.Workspace("b").Run("x").PK)
}

func TestPrefixEndCoversRegisters(t *testing.T) {
	t.Parallel()
	s := keys.Workspace("w")
	for n := range 4097 {
		sk := s.RunMetrics("r", n).SK
		require.True(t, keys.IsMetrics(sk))
		require.Less(t, sk, keys.Last)
	}
	require.False(t, keys.IsMetrics(keys.Meta))
}

// TestBlockOrder: blocks of a metric sort by level, span and first step, lie
// in its range, and say what they were built from.
func TestBlockOrder(t *testing.T) {
	t.Parallel()
	s := keys.Workspace("w")
	rapid.Check(t, func(t *rapid.T) {
		metric := rapid.StringN(1, 600, -1).Filter(func(s string) bool { return !strings.Contains(s, "#") }).Draw(t, "metric")
		draw := func(label string) keys.BlockID {
			return keys.BlockID{
				Level: rapid.IntRange(0, 15).Draw(t, label+" level"), Span: rapid.IntRange(0, 15).Draw(t, label+" span"),
				First: rapid.Int64().Draw(t, label+" first"), Hash: keys.Hash(rapid.String().Draw(t, label))[:16],
			}
		}
		a, b := draw("a"), draw("b")
		want := cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Span, b.Span), cmp.Compare(a.First, b.First), cmp.Compare(a.Hash, b.Hash))
		sk := s.Block("r", metric, a).SK
		require.Equal(t, want, strings.Compare(sk, s.Block("r", metric, b).SK))
		from, to := keys.BlockRange(metric)
		require.True(t, from <= sk && sk <= to)
		require.LessOrEqual(t, keys.BlockSeek(metric, a.Level, a.Span, a.First), sk)
		other, _ := keys.BlockRange(metric + "x")
		require.False(t, strings.HasPrefix(sk, other))
		back, err := keys.ParseBlockSK(sk)
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}

func FuzzParseBlockSK(f *testing.F) {
	f.Add("loss", keys.Workspace("w").Block("r", "loss", keys.BlockID{Level: 1, Hash: "0123456789abcdef"}).SK)
	f.Fuzz(func(t *testing.T, metric, sk string) {
		id, err := keys.ParseBlockSK(sk)
		if from, _ := keys.BlockRange(metric); err == nil && strings.HasPrefix(sk, from) && len(sk) == len(from)+36 {
			require.Equal(t, sk, keys.Workspace("w").Block("r", metric, id).SK)
		}
	})
}

func FuzzParseRunRowSK(f *testing.F) {
	f.Add(keys.RunRowSK(5, "abc"))
	f.Fuzz(func(t *testing.T, sk string) {
		start, run, err := keys.ParseRunRowSK(sk)
		if err == nil {
			require.Equal(t, sk, keys.RunRowSK(start, run))
		}
	})
}
