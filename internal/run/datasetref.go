package run

import (
	"encoding/json"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// DatasetRef is a run's reference to a dataset of its experiment.
type DatasetRef struct {
	Name, Digest string
	Tags         packed.Dict
}

// Encode returns the entry of a run for r: a key that identifies the dataset,
// and a JSON array of name, digest, and tag keys and values.
func (r DatasetRef) Encode() (key, value string) {
	list := append([]string{r.Name, r.Digest}, r.Tags...)
	b, err := json.Marshal(list)
	if err != nil { // strings always marshal
		b = []byte("[]")
	}
	return keys.Hash(r.Name, r.Digest), string(b)
}

// ParseDatasetRef reads what a run keeps of a dataset.
func ParseDatasetRef(value string) (DatasetRef, error) {
	var list []string
	if err := json.Unmarshal([]byte(value), &list); err != nil || len(list) < 2 || len(list)%2 != 0 {
		return DatasetRef{}, failure.Errorf(mlflow.CodeInternalError, "malformed dataset reference")
	}
	return DatasetRef{Name: list[0], Digest: list[1], Tags: list[2:]}, nil
}

// ParseDatasetRefs reads what a run keeps of its datasets.
func ParseDatasetRefs(d packed.Dict) ([]DatasetRef, error) {
	if len(d) == 0 {
		return nil, nil
	}
	refs := make([]DatasetRef, 0, d.Len())
	for i := 0; i < len(d); i += 2 {
		r, err := ParseDatasetRef(d[i+1])
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, nil
}
