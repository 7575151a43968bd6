package keys

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Parts of the keys of logged models. Stored, must not change.
const (
	loggedModelPrefix = "LMODEL#"
	loggedModelsPart  = "MODELS"
	// ModelPointsPrefix begins the sort keys of the metrics of a logged model
	// that do not fit its document.
	ModelPointsPrefix  = "M#"
	modelCreatedPrefix = "C#"
	modelDeletedPrefix = "D#"
	modelRunPrefix     = "R#"
)

// LoggedModelPK is the partition of a logged model. An id that is too long for a
// key is none that was ever given out; its partition is empty.
func (s Space) LoggedModelPK(id string) string {
	if Hashed(id) {
		id = part(id)
	}
	return s.prefix + loggedModelPrefix + id
}

// LoggedModel is the document of a logged model.
func (s Space) LoggedModel(id string) table.Key { return table.Key{PK: s.LoggedModelPK(id), SK: Meta} }

// LoggedModelOverflow is a tag or param that does not fit the document of a
// logged model; prefix is [TagPrefix] or [ParamPrefix].
func (s Space) LoggedModelOverflow(id, prefix, key string) table.Key {
	return table.Key{PK: s.LoggedModelPK(id), SK: prefix + part(key)}
}

// LoggedModelPoints are metrics of a logged model, by the hash of their content.
func (s Space) LoggedModelPoints(id, content string) table.Key {
	return table.Key{PK: s.LoggedModelPK(id), SK: ModelPointsPrefix + content}
}

// LoggedModelsPK is the partition of the logged models of an experiment.
func (s Space) LoggedModelsPK(exp string) string {
	return s.prefix + expPrefix + exp + "#" + loggedModelsPart
}

// LoggedModelRow is a logged model's row in the list of its experiment, newest
// first.
func (s Space) LoggedModelRow(exp string, created int64, id string) table.Key {
	return table.Key{PK: s.LoggedModelsPK(exp), SK: LoggedModelRowSK(created, id)}
}

// LoggedModelRowSK is the sort key of a logged model in the list of its
// experiment.
func LoggedModelRowSK(created int64, id string) string {
	return modelCreatedPrefix + RunRowSK(created, id)
}

// LoggedModelRange returns the bounds of the sort keys of the list.
func LoggedModelRange() (from, to string) {
	return modelCreatedPrefix, table.PrefixEnd(modelCreatedPrefix)
}

// DeletedLoggedModel lists a logged model that was deleted by itself.
func (s Space) DeletedLoggedModel(exp string, created int64, id string) table.Key {
	return table.Key{PK: s.LoggedModelsPK(exp), SK: modelDeletedPrefix + RunRowSK(created, id)}
}

// DeletedLoggedModels returns the bounds of the sort keys of the deleted ones.
func DeletedLoggedModels() (from, to string) {
	return modelDeletedPrefix, table.PrefixEnd(modelDeletedPrefix)
}

// LoggedModelOfRun is a logged model's row among those of its source run,
// newest first.
func (s Space) LoggedModelOfRun(exp, run string, created int64, id string) table.Key {
	from, _ := LoggedModelsOfRun(run)
	return table.Key{PK: s.LoggedModelsPK(exp), SK: from + RunRowSK(created, id)}
}

// LoggedModelsOfRun returns the bounds of the sort keys of the models of a run.
func LoggedModelsOfRun(run string) (from, to string) {
	from = modelRunPrefix + part(run) + "#"
	return from, table.PrefixEnd(from)
}

// ParseLoggedModelSK returns the time and id in a sort key of the partition of
// an experiment's logged models.
func ParseLoggedModelSK(sk string) (created int64, id string, err error) {
	_, place, err := ParseIndexSK(sk)
	if err != nil {
		return 0, "", err
	}
	return ParseRunRowSK(place)
}

// classifyLoggedModel classifies what is in the partition of a logged model.
func classifyLoggedModel(id, sk string) (Class, bool) {
	c := Class{Kind: KindLoggedModelPart, Logged: id}
	if sk == Meta {
		c.Kind = KindLoggedModel
	}
	return c, isID(id)
}
