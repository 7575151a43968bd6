package dynamodbstore_test

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// unitsFile has what each operation costs that has a budget. The tables of the
// documents are made from it.
const unitsFile = "testdata/units.json"

var updateUnits = flag.Bool("update-units", false, "write what operations cost to "+unitsFile)

// operationUnits are units with two decimals: some are averages.
type operationUnits struct {
	Requests float64 `json:"requests"`
	Read     float64 `json:"rcu"`
	Write    float64 `json:"wcu"`
}

var unitsLock sync.Mutex

// held fails the test if units pass the budget, or are not those that the
// documents say, on either table.
func held(t *testing.T, name string, u table.Units, b budget) {
	t.Helper()
	within(t, name, u, b)
	round := func(x float64) float64 { return math.Round(x*100) / 100 }
	got := operationUnits{float64(u.Requests), round(u.Read), round(u.Write)}
	unitsLock.Lock()
	defer unitsLock.Unlock()
	known := map[string]operationUnits{}
	content, err := os.ReadFile(unitsFile)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &known))
	if *updateUnits {
		known[name] = got
		content, err = json.MarshalIndent(known, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(unitsFile, append(content, '\n'), 0o600))
	}
	require.Equal(t, known[name], got, "%s: make units writes what it costs now", name)
}
