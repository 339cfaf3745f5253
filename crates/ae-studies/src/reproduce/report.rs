//! `report.html`: one page with the table, the pictures, the commands and the data's digests.

use ae_experiment::{DatasetRecord, Diagnosis, FigureRecord, Record, TableRecord, Verdict};

use super::table::{self, COLUMNS, Row};
use super::{Conclusion, Reproduced, ReproducedRun, datasets};

/// The page's text; it needs nothing but the pictures in the runs' folders beside it.
pub(super) fn render(reproduced: &Reproduced) -> String {
    let Reproduced { command, runs, .. } = reproduced;
    format!(
        include_str!("report.html"),
        verdict = verdict(reproduced),
        style = include_str!("report.css"),
        command = escape(command),
        table = render_table(&table::rows(runs)),
        experiments = runs.iter().map(experiment).collect::<String>(),
        data = datasets(runs).into_iter().map(render_data).collect::<String>(),
    )
}

fn verdict(reproduced: &Reproduced) -> &'static str {
    let records = reproduced.runs.iter().flat_map(|run| &run.result);
    let mut expected = records.flat_map(|record| &record.expected);
    match reproduced.conclusion() {
        Conclusion::Held if expected.all(|one| one.verdict == Verdict::NotJudged) => {
            "Every run ended well; no expectation was judged."
        }
        Conclusion::Held => "Every expectation that was judged held.",
        Conclusion::Short => "An expectation fell short.",
        Conclusion::Failed => "A run failed.",
    }
}

fn render_table(rows: &[Row]) -> String {
    let headings: String = COLUMNS.iter().map(|heading| format!("<th>{heading}</th>")).collect();
    let mut html = format!("<table>\n<tr>{headings}</tr>\n");
    for row in rows {
        let cells = row.iter().zip(COLUMNS).map(|(cell, heading)| {
            let class = match heading {
                "reached" | "seconds" => "number",
                "verdict" => cell.as_str(),
                _ => "",
            };
            format!("<td class=\"{class}\">{}</td>", escape(cell))
        });
        html.push_str(&format!("<tr>{}</tr>\n", cells.collect::<String>()));
    }
    html + "</table>\n"
}

fn experiment(run: &ReproducedRun) -> String {
    let body = match &run.result {
        Err(error) => format!("<p class=\"failed\">{}</p>\n", escape(&error.to_string())),
        Ok(record) => {
            facts(record) + &beside(record) + &sources(record) + &tables(record) + &figures(record)
        }
    };
    let (name, command) = (escape(&run.name), escape(&run.command));
    format!("<h2>{name}</h2>\n<pre>{command}</pre>\n{body}")
}

fn facts(record: &Record) -> String {
    let Record { epochs, planned_epochs, seed, threads, parameters, seconds, .. } = record;
    let planned = if epochs == planned_epochs {
        String::new()
    } else {
        format!(" of the {planned_epochs} that the experiment asks for")
    };
    let data = escape(&table::describe(&record.dataset));
    let digest = escape(&record.weights_sha256);
    format!(
        "<p>{epochs} epochs{planned} in {seconds:.1} s on {threads} threads, seed {seed}, \
         {parameters} parameters.<br>\nData: {data}<br>\n\
         Weights: SHA-256 <code>{digest}</code></p>\n"
    )
}

/// The model's error beside that of predicting the mean and that of PCA.
fn beside(record: &Record) -> String {
    let Some(diagnosis) = &record.diagnosis else { return String::new() };
    let Diagnosis { sample, components, code_units, dead_code_units, .. } = diagnosis;
    let reason = diagnosis.no_pca.map_or_else(|| "-".to_owned(), |reason| reason.to_string());
    let pca = diagnosis.pca_mse.map_or(reason, |error| format!("{error:.5}"));
    let warnings = diagnosis.warnings.iter().map(|doubt| escape(&doubt.text));
    let warnings = warnings.map(|text| format!("<p class=\"short\">{text}</p>\n"));
    format!(
        "<table>\n<tr><th></th><th>model</th><th>training mean</th><th>PCA, {components} components</th>\
         <th>dead code units</th></tr>\n<tr><td>val_mse</td><td class=\"number\">{:.5}</td>\
         <td class=\"number\">{:.5}</td><td class=\"number\">{pca}</td>\
         <td>{dead_code_units} of {code_units}</td></tr>\n</table>\n\
         <p>Mean and PCA are fitted to {sample} training images.</p>\n{}",
        diagnosis.model_mse,
        diagnosis.mean_mse,
        warnings.collect::<String>()
    )
}

fn sources(record: &Record) -> String {
    let mut html = String::new();
    for expected in &record.expected {
        let (metric, published) = (escape(&expected.metric), escape(&expected.published));
        let source = escape(&expected.source);
        html.push_str(&format!("<li>{metric}: published {published}, {source}</li>\n"));
    }
    if html.is_empty() { html } else { format!("<ul>\n{html}</ul>\n") }
}

fn tables(record: &Record) -> String {
    record.tables.iter().map(|table| study_table(&record.name, table)).collect()
}

fn study_table(run: &str, table: &TableRecord) -> String {
    let TableRecord { file, title, caption, columns, rows } = table;
    let cell = |text: &String| {
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let class = if is_number { "number" } else { "" };
        format!("<td class=\"{class}\">{}</td>", escape(text))
    };
    let row =
        |row: &Vec<String>| format!("<tr>{}</tr>\n", row.iter().map(cell).collect::<String>());
    let headings = columns.iter().map(|heading| format!("<th>{}</th>", escape(heading)));
    format!(
        "<h3>{}</h3>\n<table>\n<tr>{}</tr>\n{}</table>\n<p>{} (<a href=\"{}\">CSV</a>)</p>\n",
        escape(title),
        headings.collect::<String>(),
        rows.iter().map(row).collect::<String>(),
        escape(caption),
        escape(&format!("{run}/{file}")),
    )
}

fn figures(record: &Record) -> String {
    let figures = record.figures.iter().map(|figure| render_figure(&record.name, figure));
    format!("<div class=\"figures\">\n{}</div>\n", figures.collect::<String>())
}

fn render_figure(run: &str, figure: &FigureRecord) -> String {
    let [png, svg] = [&figure.file, &figure.svg].map(|file| escape(&format!("{run}/{file}")));
    let [title, caption] = [&figure.title, &figure.caption].map(|text| escape(text));
    format!(
        "<figure><a href=\"{svg}\"><img src=\"{png}\" alt=\"{title}\" loading=\"lazy\"></a>\n\
         <figcaption><b>{title}</b>. {caption}</figcaption></figure>\n"
    )
}

fn render_data(data: &DatasetRecord) -> String {
    let mut html = format!("<p>{}</p>\n<table>\n", escape(&table::describe(data)));
    for file in &data.files {
        let (name, sha256) = (escape(&file.name), escape(&file.sha256));
        html.push_str(&format!("<tr><td>{name}</td><td><code>{sha256}</code></td></tr>\n"));
    }
    html + "</table>\n"
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed_run, held_run, reproduced};
    use super::*;

    #[test]
    fn the_page_shows_the_table_the_pictures_the_commands_and_the_digests() {
        let page = render(&reproduced(vec![held_run(), failed_run()]));
        for part in [
            "A run failed.",
            "<pre>ae reproduce</pre>",
            "<td class=\"held\">held</td>",
            "<td class=\"\">&lt;= 0.092</td>",
            "<pre>ae reproduce --only regular</pre>",
            "<a href=\"regular/reconstructions.svg\"><img src=\"regular/reconstructions.png\"",
            "originals &amp; reconstructions",
            "published 0.093, Keras blog",
            "<td class=\"number\">0.06700</td><td class=\"number\">0.01710</td><td>2 of 32</td>",
            "fitted to 4096 training images",
            "<p class=\"short\">2 of &lt;32&gt;</p>",
            "<td>train-images-idx3-ubyte</td><td><code>ba89</code></td>",
            "data/&lt;mnist&gt;",
            "<h3>Scores</h3>",
            "<td class=\"\">pca</td><td class=\"number\">0.1</td>",
            "of &lt;all&gt; (<a href=\"regular/scores.csv\">CSV</a>)",
            "<p class=\"failed\">nothing is not a study",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        assert!(!page.contains("of the 50"), "the planned number of epochs was run");
    }

    #[test]
    fn the_first_line_claims_no_more_than_was_judged() {
        let line = |verdict| {
            let mut run = held_run();
            run.result.as_mut().unwrap().expected[0].verdict = verdict;
            super::verdict(&reproduced(vec![run]))
        };
        assert_eq!(line(Verdict::Held), "Every expectation that was judged held.");
        assert_eq!(line(Verdict::Short), "An expectation fell short.");
        assert_eq!(line(Verdict::NotJudged), "Every run ended well; no expectation was judged.");
    }

    #[test]
    fn text_from_outside_can_make_no_markup() {
        let hostile = "\"><script>alert('{verdict}')</script>&";
        let mut run = held_run();
        run.command = hostile.to_owned();
        let record = run.result.as_mut().unwrap();
        record.epochs = 2;
        record.dataset.location = hostile.to_owned();
        record.figures[0].title = hostile.to_owned();
        record.expected[0].source = hostile.to_owned();
        let page = render(&Reproduced { command: hostile.to_owned(), ..reproduced(vec![run]) });
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("alert('"), "{page}");
        assert!(page.contains("2 epochs of the 50 that"), "{page}");
        assert!(page.contains("{verdict}"), "{page}");
    }
}
