//! A server that speaks S3, for the segments in which Trino keeps large results.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::fetch::Programs;
use crate::http;
use crate::ports::free_port;
use crate::process::Process;
use crate::run_dir::RunDir;

/// The one bucket.
const BUCKET: &str = "warren";
const KEY: &str = "warren";
const SECRET: &str = "warren-secret";

/// A running S3 server. Needs the part [`S3Server`](crate::fetch::programs::Part::S3Server).
#[derive(Debug)]
pub struct S3Server {
    /// The program.
    pub process: Process,
    port: u16,
    data: PathBuf,
}

impl S3Server {
    /// Starts it with an empty bucket, and waits until it answers.
    pub fn start(programs: &Programs, run: &RunDir) -> Result<Self> {
        let port = free_port()?;
        let data = run.folder("s3-data")?;
        run.folder(&format!("s3-data/{BUCKET}"))?;
        let settings = run.path().join("s3.properties");
        let text = format!(
            "s3proxy.endpoint=http://127.0.0.1:{port}\n\
             s3proxy.authorization=aws-v2-or-v4\n\
             s3proxy.identity={KEY}\n\
             s3proxy.credential={SECRET}\n\
             jclouds.provider=filesystem-nio2\n\
             jclouds.filesystem.basedir={}\n",
            data.display()
        );
        fs::write(&settings, text).with_context(|| format!("{}: cannot be written", settings.display()))?;
        let (java, server) = (programs.java()?, programs.s3_server()?);
        let process = Process::new("s3", run.log("s3"), move || {
            let mut command = Command::new(&java);
            command.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar"]).arg(&server);
            command.arg("--properties").arg(&settings);
            command
        });
        process.start()?;
        let server = Self { process, port, data: data.join(BUCKET) };
        let url = format!("http://127.0.0.1:{port}/");
        server.process.wait_until(Duration::from_secs(60), "it to answer", || http::get(&url, &[]).map(drop))?;
        Ok(server)
    }

    /// `spooling-manager.properties` of a Trino that keeps its segments here.
    pub fn spooling_manager(&self) -> String {
        format!(
            "spooling-manager.name=filesystem\n\
             fs.s3.enabled=true\n\
             fs.location=s3://{BUCKET}/segments\n\
             fs.segment.encryption=false\n\
             s3.endpoint=http://127.0.0.1:{}\n\
             s3.region=us-east-1\n\
             s3.path-style-access=true\n\
             s3.aws-access-key={KEY}\n\
             s3.aws-secret-key={SECRET}\n",
            self.port
        )
    }

    /// How many segments are kept now: none, when all were read and acknowledged.
    pub fn segments(&self) -> Result<usize> {
        count(&self.data)
    }
}

/// Files below a folder.
fn count(folder: &PathBuf) -> Result<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}
