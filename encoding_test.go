package dynamodbstore

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func drawMetric(t *rapid.T, label string) Metric {
	return Metric{
		Key:       rapid.SampledFrom([]string{"a", "b", "loss/train"}).Draw(t, label+"key"),
		Step:      rapid.Int64().Draw(t, label+"step"),
		Timestamp: rapid.Int64().Draw(t, label+"timestamp"),
		Value: rapid.OneOf(rapid.Float64(),
			rapid.SampledFrom([]float64{math.NaN(), 0, math.MaxFloat64, 5e-324, -5e-324})).Draw(t, label+"value"),
	}
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestRegisterOrder: bytes order as MLflow picks the latest point.
func TestRegisterOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawMetric(t, "a"), drawMetric(t, "b")
		if rapid.Bool().Draw(t, "same step") {
			b.Step = a.Step
		}
		if rapid.Bool().Draw(t, "same time") {
			b.Timestamp = a.Timestamp
		}
		want := cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp),
			cmp.Compare(pointOf(&a).rank(), pointOf(&b).rank()))
		got := strings.Compare(newRegister(&a), newRegister(&b))
		if want != 0 {
			require.Equal(t, want, got)
		}
		back, ok := registerMetric(a.Key, newRegister(&a))
		require.True(t, ok)
		require.True(t, sameFloat(a.Value, back.Value), "%v became %v", a.Value, back.Value)
		require.Equal(t, [2]int64{a.Step, a.Timestamp}, [2]int64{back.Step, back.Timestamp})
	})
}

// TestMergeRegisters: the greatest register of each key stays, in the order of
// the keys, however many items there are.
func TestMergeRegisters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entry := rapid.Custom(func(t *rapid.T) Tag {
			return Tag{rapid.StringMatching("[a-d]{1,2}").Draw(t, "key"), rapid.StringMatching("[0-9]").Draw(t, "register")}
		})
		items := make([]dict, rapid.IntRange(0, 20).Draw(t, "items"))
		want := map[string]string{}
		for i := range items {
			items[i] = dictOf(rapid.SliceOfN(entry, 0, 12).Draw(t, "entries"))
			for d := items[i]; len(d) > 0; d = d[2:] {
				want[d[0]] = max(want[d[0]], d[1])
			}
		}
		got := mergeRegisters(items)
		require.Equal(t, len(want), got.len())
		for i := 0; i < len(got); i += 2 {
			require.Equal(t, want[got[i]], got[i+1], "register of %s", got[i])
			require.True(t, i == 0 || got[i-2] < got[i], "%q and %q", got[max(0, i-2)], got[i])
		}
	})
}

// TestMergeRegistersWork: what is merged is not made anew for each item, nor
// for each key that is in two.
func TestMergeRegistersWork(t *testing.T) {
	for _, n := range []int{16, 256, maxShards} {
		items := make([]dict, n+1)
		for shard := 1; shard <= n; shard++ {
			for i := range 24 {
				key := fmt.Sprintf("metric/%d/%d", i, shard)
				items[shard] = append(items[shard], key, "2")
				if i == 9 { // logged before there were shards
					items[0] = append(items[0], key, "1")
				}
			}
			items[shard] = dictOf(items[shard].tags())
		}
		items[0] = dictOf(items[0].tags())
		require.LessOrEqual(t, testing.AllocsPerRun(2, func() {
			if merged := mergeRegisters(items); merged.len() != 24*n {
				panic(merged.len())
			}
		}), 4.0, "allocations for %d items", n)
	}
}

func TestRegisterOfNaNAndZero(t *testing.T) {
	t.Parallel()
	nan, zero := Metric{Key: "m", Value: math.NaN()}, Metric{Key: "m"}
	require.Less(t, newRegister(&nan), newRegister(&zero))
	small := Metric{Key: "m", Value: -5e-324}
	require.Less(t, newRegister(&small), newRegister(&nan))
	_, ok := registerMetric("m", "short")
	require.False(t, ok)
}

// TestRecordRoundTrip: a record gives back every point once, by key, and does
// not depend on the order in which points came.
func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Metric { return drawMetric(t, "") }), 1, 50).Draw(t, "points")
		points = append(points, points[0])
		record, first := encodeRecord(points)
		byKey := map[string][]point{}
		low := points[0].Step
		for i := range points {
			byKey[points[i].Key] = append(byKey[points[i].Key], pointOf(&points[i]))
			low = min(low, points[i].Step)
		}
		require.Equal(t, low, first)
		for key, want := range byKey {
			slices.SortFunc(want, byStep)
			want = slices.CompactFunc(want, func(a, b point) bool { return byStep(a, b) == 0 })
			got, err := appendPoints(nil, record, key)
			require.NoError(t, err)
			require.True(t, slices.EqualFunc(got, want, func(a, b point) bool { return byStep(a, b) == 0 }))
		}
		slices.Reverse(points)
		again, _ := encodeRecord(points)
		require.Equal(t, record, again)
		none, err := appendPoints(nil, record, "absent")
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func FuzzRecord(f *testing.F) {
	record, _ := encodeRecord([]Metric{{Key: "a", Value: 1}, {Key: "b", Step: 2}})
	f.Add(record, "b")
	f.Fuzz(func(t *testing.T, record, key string) {
		points, err := appendPoints(nil, record, key)
		if err == nil {
			require.LessOrEqual(t, 10*len(points), len(record))
		}
	})
}

func drawDict(t *rapid.T, label string, most int) dict {
	m := rapid.MapOfN(rapid.StringN(0, 20, -1), rapid.String(), 0, most).Draw(t, label)
	var tags []Tag
	for k, v := range m {
		tags = append(tags, Tag{k, v})
	}
	return dictOf(tags)
}

// TestPackedRun: a packed run says what its head and registers say.
func TestPackedRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &runHead{
			id: "r", exp: "1", name: rapid.String().Draw(t, "name"), user: "u", status: StatusFinished,
			start: rapid.Int64().Draw(t, "start"), mark: markDeleted, markGen: rapid.Int64().Draw(t, "gen"),
		}
		if rapid.Bool().Draw(t, "ended") {
			end := rapid.Int64().Draw(t, "end")
			h.end = &end
		}
		for k := range h.entries {
			h.entries[k] = drawDict(t, "entries", 10)
		}
		var registers dict
		for d := drawDict(t, "metrics", 10); len(d) > 0; d = d[2:] {
			m := drawMetric(t, d[0])
			registers = append(registers, d[0], newRegister(&m))
		}
		p, err := parsePacked("r", packRun(h, registers))
		require.NoError(t, err)
		l := (&loadedRun{head: h, registers: registers}).packed()
		require.Equal(t, l.packedInfo, p.packedInfo)
		for section := range packedSections {
			want := l.dict(section)
			require.True(t, slices.Equal(want, p.dict(section)))
			for i := 0; i < len(want); i += 2 {
				v, ok := p.lookup(section, want[i])
				require.True(t, ok)
				require.Equal(t, want[i+1], v)
			}
			_, ok := p.lookup(section, "a key that nobody draws")
			require.False(t, ok)
		}
	})
}

func FuzzPackedRun(f *testing.F) {
	f.Add(packRun(&runHead{id: "r", exp: "1", name: "n"}, nil), "key")
	f.Fuzz(func(_ *testing.T, s, key string) {
		p, err := parsePacked("r", s)
		if err != nil {
			return
		}
		for section := range packedSections {
			p.dict(section)
			p.lookup(section, key)
		}
	})
}

func FuzzPackedExperiment(f *testing.F) {
	f.Add(packExperiment(&experimentDoc{id: "1", name: "n", tags: dict{"a", "b"}}))
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := parseExperiment(s); err == nil {
			require.Zero(t, len(e.tags)%2)
		}
	})
}

// TestDict compares a dict with a map.
func TestDict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "é"})
		var d dict
		want := map[string]string{}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			k, before := key.Draw(t, "k"), slices.Clone(d)
			old := d
			if rapid.Bool().Draw(t, "remove") {
				d = d.remove(k)
				delete(want, k)
			} else {
				v := rapid.String().Draw(t, "v")
				d = d.set(k, v)
				want[k] = v
			}
			require.True(t, slices.Equal(before, old), "a dict was changed in place")
		}
		require.Equal(t, len(want), d.len())
		for i := 0; i < len(d); i += 2 {
			require.Equal(t, want[d[i]], d[i+1])
			require.True(t, i == 0 || d[i-2] < d[i])
		}
		o := drawDict(t, "other", 5)
		union := d.merge(o)
		for i := 0; i < len(o); i += 2 {
			want[o[i]] = o[i+1]
		}
		require.Equal(t, len(want), union.len())
		for k, v := range want {
			got, ok := union.get(k)
			require.True(t, ok)
			require.Equal(t, v, got)
		}
	})
}

func TestAppendURIPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"s3://bucket/base":       "s3://bucket/base/r/artifacts",
		"s3://bucket/base/?x=y":  "s3://bucket/base/r/artifacts?x=y",
		"mlflow-artifacts:/":     "mlflow-artifacts:/r/artifacts",
		"mlflow-artifacts:/2":    "mlflow-artifacts:/2/r/artifacts",
		"/var/artifacts":         "/var/artifacts/r/artifacts",
		"file:relative/artifact": "file:relative/artifact/r/artifacts",
		"":                       "r/artifacts",
	} {
		require.Equal(t, want, runArtifactURI(in, "r"), in)
	}
}

// TestSample compares samples with what MLflow's SQL gives.
func TestSample(t *testing.T) {
	t.Parallel()
	points := make([]point, 10)
	for i := range points {
		points[i].step = int64(i)
	}
	steps := func(n int) []int64 {
		var out []int64
		for _, p := range sample(points, n) {
			out = append(out, p.step)
		}
		return out
	}
	require.Equal(t, []int64{9}, steps(1))
	require.Equal(t, []int64{0, 4, 9}, steps(3)) // buckets of 4, 3, 3: 0, 4, 7; the last becomes 9
	require.Equal(t, []int64{0, 3, 6, 9}, steps(4))
	require.Len(t, steps(10), 10)
	require.Len(t, steps(11), 10)
}

func TestRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	h := &runHead{id: "r", exp: "1", docMeta: docMeta{rev: 1}}
	it := encodeHead(keys.Workspace("w").Run("r"), h, nil)
	it.Attrs = slices.Clone(it.Attrs)
	for i := range it.Attrs {
		if it.Attrs[i].Name == keys.Version {
			it.Attrs[i].Value = table.Number(schemaVersion + 1)
		}
	}
	_, err := decodeHead("r", it)
	require.ErrorContains(t, err, "upgrade")
}
