"""Figures of questions from points.csv by numpy and pandas, as JSON in the form of grades.json's `statistics`."""

import json
import sys

import numpy as np
import pandas as pd

answers = pd.read_csv(sys.argv[1], dtype={"id": str, "answer": str}, keep_default_na=False)
answers["points"] = pd.to_numeric(answers["points"], errors="coerce")
questions = list(dict.fromkeys(answers["question"]))
students = list(dict.fromkeys(answers["id"]))
points = answers.pivot(index="id", columns="question", values="points").loc[students, questions].dropna()
given = answers.pivot(index="id", columns="question", values="answer").loc[points.index, questions]
most = answers.groupby("question")["max"].first().astype(float)
sums = points.sum(axis=1)


def r(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return None if np.ptp(a) == 0 or np.ptp(b) == 0 else float(np.corrcoef(a, b)[0, 1])


def alpha(table):
    k = table.shape[1]
    return float(k / (k - 1) * (1 - table.var(axis=0, ddof=1).sum() / table.sum(axis=1).var(ddof=1)))


order = np.argsort(sums.to_numpy(), kind="stable")
group = max(1, round(0.27 * len(sums)))
rows = []
for question in questions:
    own, rest = points[question], sums - points[question]
    upper, lower = own.iloc[order[-group:]].mean(), own.iloc[order[:group]].mean()
    options = []
    for answer in sorted(set(given[question])):
        chose = given[question] == answer
        options.append({"answer": answer, "n": int(chose.sum()), "share": float(chose.mean()),
                        "mean_rest": float(rest[chose].mean()), "r_rest": r(chose, rest)})
    rows.append({
        "question": question, "n": len(own), "mean": float(own.mean()), "max": float(most[question]),
        "difficulty": float(own.mean() / most[question]), "r_total": r(own, sums), "r_rest": r(own, rest),
        "upper_lower": float((upper - lower) / most[question]), "alpha_without": alpha(points.drop(columns=question)),
        "options": options,
    })
whole = alpha(points)
print(json.dumps({
    "mean": float(sums.mean()), "median": float(sums.median()), "deviation": float(sums.std(ddof=1)),
    "least": float(sums.min()), "most": float(sums.max()), "alpha": whole, "kr20": None,
    "error_of_measurement": float(sums.std(ddof=1) * np.sqrt(1 - whole)), "questions": rows,
}))
