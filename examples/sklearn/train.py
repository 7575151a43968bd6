"""Trains a classifier, logs it, registers it, and predicts with what is loaded back.

    pip install -r examples/sklearn/requirements.txt
    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python examples/sklearn/train.py
"""

import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

NAME = "iris-classifier"


def main():
    mlflow.set_experiment("iris")
    mlflow.sklearn.autolog(log_datasets=True)
    x, y = load_iris(return_X_y=True, as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)

    with mlflow.start_run(run_name="logistic") as run:
        model = LogisticRegression(max_iter=200).fit(x_train, y_train)
        accuracy = model.score(x_test, y_test)
        logged = mlflow.sklearn.log_model(model, name="classifier", registered_model_name=NAME, input_example=x_train[:2])
        mlflow.log_metric("test_accuracy", accuracy, model_id=logged.model_id)

    client = MlflowClient()
    version = logged.registered_model_version
    client.set_registered_model_alias(NAME, "champion", version)

    champion = mlflow.sklearn.load_model(f"models:/{NAME}@champion")
    assert (champion.predict(x_test) == model.predict(x_test)).all()
    assert client.get_model_version_by_alias(NAME, "champion").run_id == run.info.run_id
    print(f"{NAME} version {version}, from run {run.info.run_id}: accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
