package rest

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"

func appendExperiment(b []byte, e *dynamodbstore.Experiment, depth int) []byte {
	b = append(b, '{')
	b = appendStringField(b, depth+1, "experiment_id", e.ID)
	b = appendStringField(b, depth+1, "name", e.Name)
	b = appendStringField(b, depth+1, "artifact_location", e.ArtifactLocation)
	b = appendStringField(b, depth+1, "lifecycle_stage", string(e.LifecycleStage))
	if e.LastUpdateTime != 0 {
		b = appendIntField(b, depth+1, "last_update_time", e.LastUpdateTime)
	}
	if e.CreationTime != 0 {
		b = appendIntField(b, depth+1, "creation_time", e.CreationTime)
	}
	b = appendTags(b, depth+1, e.Tags)
	b = appendStringField(b, depth+1, "workspace", "default")
	return closeObject(b, depth)
}

// appendTags appends the member with tags, or nothing if there are none.
func appendTags(b []byte, depth int, tags []dynamodbstore.Tag) []byte {
	if len(tags) == 0 {
		return b
	}
	b = append(appendKey(b, depth, "tags"), '[')
	for i := range tags {
		b = appendPair(b, depth+1, tags[i].Key, tags[i].Value)
	}
	return closeArray(b, depth)
}

func appendPair(b []byte, depth int, key, value string) []byte {
	b = append(appendItem(b, depth), '{')
	b = newline(b, depth+1)
	b = append(b, `"key": `...)
	b = appendString(b, key)
	b = append(b, ',')
	b = newline(b, depth+1)
	b = append(b, `"value": `...)
	b = appendString(b, value)
	b = newline(b, depth)
	return append(b, '}')
}

func appendExperiments(b []byte, page dynamodbstore.Page[*dynamodbstore.Experiment], a *answer) []byte {
	return appendPage(b, "experiments", page, appendExperiment, a)
}
