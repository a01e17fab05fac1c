//! The whole job against real servers on loopback: those that are installed.
//!
//! For each server that is missing, the line that installs it is printed. With
//! `POBUDKA_SERVERS=all` a missing server fails the tests.

#[path = "servers/editor.rs"]
mod editor;
#[path = "servers/kill.rs"]
mod kill;
#[allow(dead_code)]
#[path = "it/project.rs"]
mod project;
#[path = "servers/proxy.rs"]
mod proxy;
#[path = "servers/runners.rs"]
mod runners;
#[allow(dead_code)]
#[path = "it/sample.rs"]
mod sample;
#[path = "servers/server.rs"]
mod server;
#[path = "servers/stores.rs"]
mod stores;

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use server::{Kind, Shared};

fn main() {
    let arguments = Arguments::from_args();
    let all = std::env::var("POBUDKA_SERVERS").as_deref() == Ok("all");
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        if kind.installed().is_none() {
            println!("{} is missing: {}", kind.name(), kind.install());
            if all {
                let missing = || Err(Failed::from("it is not installed"));
                trials.push(Trial::test(format!("{}_is_there", kind.name()), missing));
            }
            continue;
        }
        let shared = Arc::new(Shared::new(kind));
        let mut add = |name: &str, test: fn(&server::Server)| {
            let shared = Arc::clone(&shared);
            trials.push(Trial::test(format!("{}::{name}", kind.name()), move || {
                test(shared.server());
                Ok(())
            }));
        };
        // The longest first: they share the cores.
        if kind == Kind::Moto {
            add("two_runners_one_of_them_paused_lose_nothing", runners::paused);
            add("killed_at_every_request_and_repeated_it_ends_as_if_undisturbed", kill::killed);
            add("with_every_reply_lost_once_it_ends_as_if_undisturbed", kill::replies_lost);
            add("with_a_reply_that_never_comes_it_ends_as_if_undisturbed", kill::replies_late);
            add("a_server_that_is_away_for_a_while_is_waited_for", kill::away);
        }
        if kind.is_sound() {
            add("the_demo_publishes_what_it_publishes_on_disk", stores::demo);
            add("exports_are_read_from_the_store", stores::exports);
            add("a_doctor_finds_everything_in_order", stores::doctor);
        } else if kind == Kind::S3sFs {
            add("is_found_out_where_writers_meet", stores::found_out);
        } else {
            add("is_refused_by_name_with_the_condition_it_ignores", stores::refused);
        }
    }
    let missing = "yaml-language-server is missing: npm install -g yaml-language-server";
    if let Some(binary) = server::on_path("yaml-language-server") {
        trials.push(Trial::test("editor::completes_the_shipped_yaml", move || {
            editor::completes(&binary);
            Ok(())
        }));
    } else {
        println!("{missing}");
        if all {
            trials.push(Trial::test("editor_is_there", move || Err(Failed::from(missing))));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}
