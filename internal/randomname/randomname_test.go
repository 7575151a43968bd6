package randomname

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewShape(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 5000 {
		name := New(rng)
		require.Regexp(t, `^[a-z]+-[a-z]+-\d{1,3}$`, name)
		require.LessOrEqual(t, len(name), MaxLen)
		seen[name] = true
	}
	require.Greater(t, len(seen), 4900, "names hardly ever repeat")
}

func TestNewFollowsItsSource(t *testing.T) {
	t.Parallel()
	a, b := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
	require.Equal(t, New(a), New(b))
	require.NotEqual(t, New(a), New(rand.New(rand.NewPCG(5, 6))))
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		list    string
		longest int
	}{
		{"adjectives", adjectives, 8},
		{"nouns", nouns, MaxLen - 8 - len("--999")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			words := strings.Fields(tc.list)
			require.True(t, slices.IsSorted(words))
			require.Len(t, slices.Compact(slices.Clone(words)), len(words), "no word twice")
			for _, w := range words {
				require.Regexp(t, `^[a-z]+$`, w)
				require.LessOrEqual(t, len(w), tc.longest, w)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		New(rng)
	}
}
