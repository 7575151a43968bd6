package loggedmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// modelVersionsTag lists the registered versions of a logged model, as JSON.
const modelVersionsTag = "mlflow.modelVersions"

// AddVersion adds a version of a registered model to the list in the tag
// mlflow.modelVersions of the logged model that it was made of.
func (s *Store) AddVersion(ctx context.Context, id, name string, version int) error {
	key := s.Keys.LoggedModelOverflow(id, keys.TagPrefix, modelVersionsTag)
	// A list in an item of its own is read after the document and changes only
	// with it, so that the condition on the document's revision holds for both.
	_, err := s.Mutate(ctx, id, false, func(c *Change) (bool, error) {
		old, inline := c.tags.Get(modelVersionsTag)
		if !inline && c.frozen {
			it, _, err := s.Table.Get(ctx, key, table.Strong)
			if err != nil {
				return false, err
			}
			old = it.Str(keys.Value)
		}
		next := withModelVersion(old, name, version)
		for out := c.setEntries(&c.tags, packed.Dict{modelVersionsTag, next}); len(out) > 0; out = out[2:] {
			c.ops = append(c.ops, table.Put{Item: document.OverflowItem(key, out[0], out[1])})
		}
		return next != old, nil
	}, nil)
	return err
}

// withModelVersion returns a list with one more version, or as it is if it has
// that one. Versions are numbers there, but for those that clients have put in
// themselves as strings.
func withModelVersion(list, name string, version int) string {
	var known []struct {
		Name    string `json:"name"`
		Version any    `json:"version"`
	}
	isList := json.Unmarshal([]byte(list), &known) == nil && len(known) > 0
	for _, v := range known {
		if isList && v.Name == name && fmt.Sprint(v.Version) == strconv.Itoa(version) {
			return list
		}
	}
	entry := `{"name": ` + pyrepr.JSON(name) + `, "version": ` + strconv.Itoa(version) + `}]`
	if isList {
		return strings.TrimSuffix(strings.TrimSpace(list), "]") + ", " + entry
	}
	return "[" + entry
}
