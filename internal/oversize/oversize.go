package oversize

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Text says to a client which limit of the table a request exceeds: by
// what its size is, and which field is the largest in it. It never shows a
// value.
func Text(err error) string {
	if e, ok := errors.AsType[*table.SizeError](err); ok {
		f := largestField(e.Item)
		return fmt.Sprintf("Too large: the %s, %d bytes. An item of the table holds at most %d bytes.",
			f.name, f.size, table.MaxItemBytes)
	}
	if e, ok := errors.AsType[*table.KeySizeError](err); ok {
		return fmt.Sprintf("Too long: an id in the request, of which a key of %d bytes would be made. "+
			"A key of the table has at most %d bytes.", e.Bytes, e.Max)
	}
	return "The request exceeds a limit of the table."
}

// field is a part of an item as users know it.
type field struct {
	name string
	size int // bytes
}

// largestField returns the field that takes the most of an item.
func largestField(it table.Item) field {
	c := keys.Classify(it.Key)
	var f field
	switch attr := largestAttr(it); {
	case it.Str(keys.Key) != "" && isEntry(attr.Name):
		f = largestOf(overflowNoun(it.Key.SK), it.Str(keys.Key), it.Str(keys.Value))
	case attr.Name == keys.Value: // of a description in an item of its own
		f = field{overflowNoun(it.Key.SK), len(it.Str(keys.Value))}
	case len(attr.Value.Strings()) > 0:
		f = largestEntry(entriesNoun(attr.Name), attr.Value)
	case strings.HasPrefix(attr.Name, keys.TagAttr):
		f = largestOf("tag", strings.TrimPrefix(attr.Name, keys.TagAttr), attr.Value.Str())
	case c.Kind == keys.KindLoggedModel && attr.Name == keys.Packed:
		f = largestOfLoggedModel(c.Logged, attr.Value.Str())
	default:
		f = field{attrNoun(attr.Name), attr.Value.Size()}
	}
	if of := ownerNoun(c.Kind); of != "" {
		f.name += " of the " + of
	}
	return f
}

// isEntry reports whether an attribute is a part of an entry in an item of its
// own.
func isEntry(attr string) bool { return attr == keys.Key || attr == keys.Value }

func largestAttr(it table.Item) table.Attr {
	var largest table.Attr
	for _, a := range it.Attrs {
		if a.Size() > largest.Size() {
			largest = a
		}
	}
	return largest
}

// largestOf tells an entry whose key is too large from one whose value is.
func largestOf(noun, key, value string) field {
	if len(key) > len(value) {
		return field{"key of a " + noun, len(key)}
	}
	return field{noun + " " + pyrepr.String(key), len(value)}
}

// largestEntry returns the largest entry of a list or map, or all of them when
// none of them takes a half of it.
func largestEntry(noun string, v table.Value) field {
	var largest field
	for d := packed.Dict(v.Strings()); len(d) > 1; d = d[2:] {
		if f := largestOf(noun, d[0], d[1]); f.size > largest.size {
			largest = f
		}
	}
	if 2*largest.size < v.Size() {
		return field{strings.TrimSuffix(noun, "s") + "s", v.Size()}
	}
	return largest
}

// largestOfLoggedModel takes apart the one attribute of a logged model.
func largestOfLoggedModel(id, packed string) field {
	m, err := loggedmodel.Parse(id, packed)
	if err != nil {
		return field{"content", len(packed)}
	}
	largest := field{"name", len(m.Name)}
	for _, f := range []field{{"model type", len(m.ModelType)}, {"source run id", len(m.Run)}} {
		if f.size > largest.size {
			largest = f
		}
	}
	return largest
}

// overflowNoun is what an entry in an item of its own is called: that of a run,
// an experiment or a logged model begins with its kind.
func overflowNoun(sk string) string {
	kind, _, _ := strings.Cut(sk, "#")
	if noun := prefixNoun(kind + "#"); noun != "" {
		return noun
	}
	return cmp.Or(prefixNoun(keys.OverflowKind(sk)), "entry")
}

func prefixNoun(prefix string) string {
	switch prefix {
	case keys.TagPrefix:
		return "tag"
	case keys.ParamPrefix:
		return "param"
	case keys.InputPrefix:
		return "dataset input"
	case keys.ModelPrefix:
		return "model input"
	case keys.OutputPrefix:
		return "model output"
	case keys.DescriptionPrefix:
		return "description"
	case keys.AliasPrefix:
		return "alias"
	}
	return ""
}

// entriesNoun is what an entry of an attribute is called.
func entriesNoun(attr string) string {
	switch attr {
	case keys.Tags:
		return "tag"
	case keys.Params:
		return "param"
	case keys.Inputs:
		return "dataset input"
	case keys.Models:
		return "model input"
	case keys.Outputs:
		return "model output"
	case keys.Aliases:
		return "alias"
	}
	return "entry"
}

// attrNoun is what an attribute is called where users know it.
func attrNoun(attr string) string {
	switch attr {
	case keys.Name:
		return "name"
	case keys.User:
		return "user id"
	case keys.Artifact:
		return "artifact location"
	case keys.Description:
		return "description"
	case keys.Source:
		return "source"
	case keys.Location:
		return "storage location"
	case keys.RunID:
		return "run id"
	case keys.RunLink:
		return "run link"
	case keys.LoggedModel:
		return "model id"
	case keys.Context:
		return "context"
	case keys.Key:
		return "digest"
	case keys.Body:
		return "body"
	}
	if strings.HasPrefix(attr, keys.MetricAttr) {
		return "key of a metric"
	}
	return "content"
}

// ownerNoun is what an item of a kind belongs to; "" for what users do not know.
func ownerNoun(k keys.Kind) string {
	switch k {
	case keys.KindExperiment, keys.KindExperimentTag, keys.KindExperimentName, keys.KindExperimentList:
		return "experiment"
	case keys.KindRun, keys.KindRunMetrics, keys.KindRunOverflow, keys.KindHistory, keys.KindRunList:
		return "run"
	case keys.KindDataset, keys.KindDatasetUse:
		return "dataset"
	case keys.KindLoggedModel, keys.KindLoggedModelPart, keys.KindLoggedModelList:
		return "logged model"
	case keys.KindModel, keys.KindModelPointer, keys.KindModelOverflow:
		return "registered model"
	case keys.KindModelVersion, keys.KindVersionOverflow:
		return "model version"
	default:
		return ""
	}
}
