package run

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestPackedRun: a packed run says what its head and registers say.
func TestPackedRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &Head{
			ID: "r", Exp: "1", Name: rapid.String().Draw(t, "name"), User: "u", Status: mlflow.StatusFinished,
			Start: rapid.Int64().Draw(t, "start"), Mark: MarkDeleted, MarkGen: rapid.Int64().Draw(t, "gen"),
		}
		if rapid.Bool().Draw(t, "ended") {
			end := rapid.Int64().Draw(t, "end")
			h.End = &end
		}
		for k := range h.Entries {
			h.Entries[k] = draw.Dict(t, "entries", 10)
		}
		var registers packed.Dict
		for d := draw.Dict(t, "metrics", 10); len(d) > 0; d = d[2:] {
			m := draw.Metric(t, d[0])
			registers = append(registers, d[0], point.NewRegister(&m))
		}
		p, err := ParsePacked("r", packRun(h, registers))
		require.NoError(t, err)
		l := (&Loaded{Head: h, Registers: registers}).Packed()
		require.Equal(t, l.packedInfo, p.packedInfo)
		for section := range packedSections {
			want := l.Dict(section)
			require.True(t, slices.Equal(want, p.Dict(section)))
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
	f.Add(packRun(&Head{ID: "r", Exp: "1", Name: "n"}, nil), "key")
	f.Fuzz(func(_ *testing.T, s, key string) {
		p, err := ParsePacked("r", s)
		if err != nil {
			return
		}
		for section := range packedSections {
			p.Dict(section)
			p.lookup(section, key)
		}
	})
}
